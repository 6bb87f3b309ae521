# SPDX-License-Identifier: MIT
"""What the end-to-end tests share: programs under test, and what they run in."""
