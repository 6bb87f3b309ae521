# SPDX-License-Identifier: MIT
"""What the attacks share: networks, forged packets, other servers."""
