"""Pages about machines, tokens and keys, and from where they come, that the table cannot say."""

from __future__ import annotations

ORG = "/<owner>/-"
MACHINE_PAGES = "web/test_service_accounts.py"
TOKEN_PAGES = "web/test_token_rules.py"
ADDRESSES = "web/test_address_list_pages.py"
INVENTORY = "web/test_credentials.py"
OF_A_MACHINE = (
    *("tokens", "tokens/<uuid:token_id>/revoke", "keys", "keys/<uuid:key_id>/remove"),
    *("<any(suspend, reinstate):verb>", "delete"),
)

PAGES = (
    ("/administration/service-accounts", "?-----------+"),
    ("/administration/credentials", "?----------++"),
    (f"{ORG}/settings/service-accounts", "?.--------+-+"),
    (f"{ORG}/settings/tokens", "?.--------+-+"),
    (f"{ORG}/credentials", "?.------+++++"),
)
ELSEWHERE = {
    ("POST", "/administration/addresses"): ADDRESSES,
    ("POST", f"{ORG}/settings/addresses"): ADDRESSES,
    ("GET", "/accounts/<name>"): MACHINE_PAGES,
    **{("POST", f"/accounts/<name>/{rest}"): MACHINE_PAGES for rest in OF_A_MACHINE},
    ("POST", "/administration/service-accounts"): MACHINE_PAGES,
    ("POST", "/administration/service-accounts/several"): MACHINE_PAGES,
    ("POST", f"{ORG}/settings/service-accounts"): MACHINE_PAGES,
    ("POST", f"{ORG}/settings/service-accounts/several"): MACHINE_PAGES,
    ("POST", "/settings/tokens/<uuid:token_id>/ask"): TOKEN_PAGES,
    ("POST", f"{ORG}/settings/tokens"): TOKEN_PAGES,
    ("POST", f"{ORG}/settings/tokens/several"): TOKEN_PAGES,
    ("POST", f"{ORG}/settings/tokens/<uuid:approval_id>"): TOKEN_PAGES,
    ("POST", "/administration/credentials"): INVENTORY,
    ("POST", f"{ORG}/credentials"): INVENTORY,
}
