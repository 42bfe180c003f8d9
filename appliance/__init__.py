"""Codara Appliance: Git hosting whose evidence can be checked without trusting it."""
