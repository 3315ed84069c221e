"""Figures -> text: the only package that formats a number."""
