"""Feeds: what is known of vulnerabilities, exploits and licences, as one signed file.

`roots` says whose signatures count, `manifest` what a bundle holds, `bundle` packs and unpacks one,
`contents` reads what is in it. docs/decisions says why the format is as it is.
"""
