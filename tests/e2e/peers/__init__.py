# SPDX-License-Identifier: MIT
"""Peers of kedge that share no code with it."""
