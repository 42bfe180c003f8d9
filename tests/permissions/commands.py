"""The table of the command line: every command, for every kind of actor, with a token elsewhere.

A column is an actor in the order of `ACTORS`: stranger, nobody; reader, triager, writer,
maintainer, owner of the repository; member, security officer, auditor, owner of the organisation;
auditor, administrator of the instance. `+` is exit status 0, `-` is 3 (not permitted), `.` is 4
(not found, in the same words as for what does not exist). At the console all of them end with 0.
"""

from __future__ import annotations

from tests.permissions import alert_doors, check_doors, feed_doors, issues, pulls, ruleset_doors

READ = "-.+++++.+++++"
WRITE = "-.--+++.--+-+"
MAINTAIN = "-.---++.--+-+"
OWN = "-.----+.--+-+"
SIGNED_IN = "-++++++++++++"
ADMINISTER = "------------+"
SEE_ORGANISATION = "-.+++++++++++"
BELONG = "-......++++++"
BELONG_TO_SEE = "-.-----++++++"
READ_LOG = "-......-+++++"
RULE = "-.--------+-+"
RULE_TEAM = "-......---+-+"
OF_ANOTHER = "-...........+"

REPO = "lab-N/notes"
TEAM = "lab-N/research"

# Words that begin with a capital stand for something of the actor's own or of the target's.
COMMANDS = [
    *(*issues.COMMANDS, *pulls.COMMANDS),
    *ruleset_doors.COMMANDS,
    *check_doors.COMMANDS,
    *alert_doors.COMMANDS,
    ("whoami", SIGNED_IN),
    ("job list", SIGNED_IN),
    ("job show QUEUED-OF-TARGET", OF_ANOTHER),
    ("job show QUEUED-OF-ACTOR", SIGNED_IN),
    ("job wait DONE-OF-TARGET", OF_ANOTHER),
    ("job wait DONE-OF-ACTOR", SIGNED_IN),
    ("job cancel QUEUED-OF-TARGET", OF_ANOTHER),
    ("job cancel QUEUED-OF-ACTOR", SIGNED_IN),
    ("job retry DEAD-OF-TARGET", ADMINISTER),
    ("job retry DEAD-OF-ACTOR", ADMINISTER),
    ("job discard DEAD-OF-TARGET", ADMINISTER),
    ("job discard DEAD-OF-ACTOR", ADMINISTER),
    (f"repo label list {REPO}", READ),
    (f"repo label create {REPO} made-N", "-.-++++.--+-+"),
    (f"repo milestone list {REPO}", READ),
    (f"repo milestone create {REPO} made-N", "-.-++++.--+-+"),
    ("org hook list lab-N", RULE),
    (f"repo branch list {REPO}", READ),
    (f"repo file list {REPO}", READ),
    (f"repo file read {REPO} src/one", READ),
    (f"repo file blame {REPO} src/one", READ),
    (f"repo file move {REPO} src/one src/other", WRITE),
    (f"repo file remove {REPO} src/one --yes", WRITE),
    (f"repo stash list {REPO}", READ),
    (f"repo stash clear {REPO} --yes", READ),
    (f"issue react {REPO} 1 heart", READ),
    (f"pr react {REPO} 3 heart", READ),
    (f"repo tag list {REPO}", READ),
    (f"repo merge-settings {REPO}", READ),
    (f"repo merge-settings {REPO} --delete-branches", "-.---++.--+-+"),
    ("search notes", SIGNED_IN),
    ("user list", SIGNED_IN),
    ("user show target-N", SIGNED_IN),
    ("user create newcomer-N --email newcomer-N@codara.test", ADMINISTER),
    ("user change target-N --display-name x", ADMINISTER),
    ("user rename target-N renamed-N", ADMINISTER),
    ("user suspend target-N", ADMINISTER),
    ("user reinstate out-N", ADMINISTER),
    ("user reset-password target-N", ADMINISTER),
    ("user delete out-N --yes", ADMINISTER),
    ("user identities target-N", ADMINISTER),
    ("user factors target-N", ADMINISTER),
    ("user sessions target-N", ADMINISTER),
    ("service-account list", ADMINISTER),
    ("service-account list --org lab-N", RULE),
    ("service-account create robot-N --org lab-N", RULE),
    ("token inventory", "-----------++"),
    ("token inventory --org lab-N", "-.------+++++"),
    ("org token-rule show lab-N", RULE),
    ("org token-rule set lab-N", RULE),
    ("token approvals --org lab-N", RULE),
    ("org signing-rule list lab-N", RULE),
    ("org signing-rule set lab-N gone-N/* --signed-by any", RULE),
    ("x509-authority list --org lab-N", RULE),
    ("x509-certificate list", SIGNED_IN),
    ("x509-certificate challenge", SIGNED_IN),
    ("proposal list", ADMINISTER),
    ("proposal rule", ADMINISTER),
    ("user access target-N", ADMINISTER),
    ("user impersonations list", ADMINISTER),
    ("user impersonations list --user target-N", ADMINISTER),
    ("factor-rule list", ADMINISTER),
    ("address-list show", ADMINISTER),
    ("address-list clear", ADMINISTER),
    ("address-list show --org lab-N", RULE),
    ("address-list clear --org lab-N", RULE),
    ("review list --org lab-N", "-.------+++++"),
    ("review start x --org lab-N", "-.------+-+-+"),
    ("access list", SIGNED_IN),
    ("access waiting", SIGNED_IN),
    ("access ask --org gone-N --for 8h --reason r", SIGNED_IN),
    ("access rule show lab-N", RULE),
    ("access rule set lab-N --longest 8h", RULE),
    ("access temporary lab-N", RULE),
    ("provider list", ADMINISTER),
    ("provider settings oidc", ADMINISTER),
    ("audit search --org lab-N notes", READ_LOG),
    ("org list", SIGNED_IN),
    ("org show lab-N", SEE_ORGANISATION),
    ("org create works-N", SIGNED_IN),
    ("org change lab-N --description x", RULE),
    ("org rename lab-N works-N", RULE),
    ("org delete empty-N --yes", RULE_TEAM),
    ("org member list lab-N", BELONG_TO_SEE),
    ("org member add lab-N nobody --role member", RULE),
    ("org member remove lab-N out-N --yes", RULE),
    ("team list lab-N", SEE_ORGANISATION),
    ("team create lab-N/works", RULE),
    (f"team show {TEAM}", BELONG),
    (f"team change {TEAM} --description x", RULE_TEAM),
    (f"team rename {TEAM} works", RULE_TEAM),
    (f"team delete {TEAM} --yes", RULE_TEAM),
    (f"team member list {TEAM}", BELONG),
    (f"team member add {TEAM} out-N", RULE_TEAM),
    (f"team member remove {TEAM} target-N --yes", RULE_TEAM),
    ("repo list", SIGNED_IN),
    (f"repo show {REPO}", READ),
    (f"repo clone-url {REPO}", READ),
    (f"repo export {REPO} --out FILE", READ),
    (f"repo fork {REPO} --into ACTOR/fork-N --no-wait", READ),
    (f"repo signing-rules {REPO}", READ),
    (f"repo rules {REPO}", READ),
    (f"ruleset list --repo {REPO}", READ),
    ("ruleset list --org lab-N", RULE),
    ("ruleset list", ADMINISTER),
    ("ruleset kinds", "+" * 13),
    ("ruleset policies", "+" * 13),
    (f"repo protections {REPO}", READ),
    (f"repo pushes {REPO}", READ),
    (f"repo merge {REPO} topic", WRITE),
    (f"repo rebase {REPO} topic --yes", WRITE),
    (f"repo revert {REPO} main --dry-run", WRITE),
    (f"repo reset {REPO} topic --yes", WRITE),
    ("repo create ACTOR/made", SIGNED_IN),
    ("repo create lab-N/made", "-.-----+--+-+"),
    (f"repo change {REPO} --description x", MAINTAIN),
    (f"repo change {REPO} --visibility internal", OWN),
    (f"repo grants {REPO}", MAINTAIN),
    (f"repo access {REPO} target-N", MAINTAIN),
    (f"repo protect {REPO} release/*", MAINTAIN),
    (f"repo unprotect {REPO} refs/heads/main --yes", MAINTAIN),
    (f"repo grant {REPO} --user nobody --role reader", OWN),
    (f"repo grant {REPO} --team {TEAM} --role reader", OWN),
    (f"repo revoke {REPO} --user target-N --yes", OWN),
    (f"repo hook list {REPO}", OWN),
    (f"repo mirror list {REPO}", OWN),
    (f"repo key list {REPO}", OWN),
    (f"repo key add {REPO} PUBLIC-KEY", OWN),
    (f"repo key delete {REPO} KEY-OF-LAB --yes", OWN),
    (f"repo rename {REPO} works", OWN),
    (f"repo archive {REPO}", OWN),
    ("repo unarchive lab-N/shelf", OWN),
    (f"repo transfer {REPO} ACTOR", OWN),
    (f"repo delete {REPO} --yes", OWN),
    (f"repo check {REPO}", ADMINISTER),
    ("repo restore lab-N/old", OWN),
    ("repo purge lab-N/old --yes", "-.....-...-.+"),
    ("audit auditor list --log lab-N", RULE_TEAM),
    ("audit auditor grant nobody --org lab-N --days 3 --reason r", RULE_TEAM),
    ("token list", SIGNED_IN),
    ("token list --user target-N", ADMINISTER),
    ("token create --scope user --expires-in 1d", SIGNED_IN),
    ("token create --user target-N --scope user --expires-in 1d", ADMINISTER),
    ("token show TOKEN-OF-ACTOR", SIGNED_IN),
    ("token show TOKEN-OF-TARGET --user target-N", ADMINISTER),
    ("token delete TOKEN-OF-ACTOR --yes", SIGNED_IN),
    ("token delete TOKEN-OF-TARGET --yes", OF_ANOTHER),
    ("ssh-authority list", ADMINISTER),
    ("provider saml-key list", ADMINISTER),
    ("ssh-authority trust PUBLIC-KEY", ADMINISTER),
    ("x509-authority list", ADMINISTER),
    ("ssh-authority revoke AUTHORITY-OF-LAB revoked.txt", ADMINISTER),
    ("ssh-authority delete AUTHORITY-OF-LAB --yes", ADMINISTER),
    ("key list", SIGNED_IN),
    ("key list --kind gpg", SIGNED_IN),
    ("key list --user target-N", ADMINISTER),
    ("key add PUBLIC-KEY", SIGNED_IN),
    ("key add PUBLIC-KEY --user target-N", ADMINISTER),
    ("key show KEY-OF-ACTOR", SIGNED_IN),
    ("key show KEY-OF-TARGET --user target-N", ADMINISTER),
    ("key delete KEY-OF-ACTOR --yes", SIGNED_IN),
    ("key delete KEY-OF-TARGET --yes", OF_ANOTHER),
]

# Who may start these is for the host to say: they ask no appliance, or need its home folder.
WITHOUT_ROLES = {
    *("serve", "worker", "scheduler", "events", "scanner", "ssh", "sshd", "migrate"),
    *("login", "logout", "completion"),
}
# What the table's form cannot say; each has tests of its own.
ELSEWHERE = {
    **alert_doors.COMMANDS_ELSEWHERE,
    **pulls.COMMANDS_ELSEWHERE,
    **(ruleset_doors.COMMANDS_ELSEWHERE | feed_doors.COMMANDS_ELSEWHERE),
    "repo branch restore": "web/test_branch_health.py",
    **dict.fromkeys(
        (
            *("repo file write", "repo stash create", "repo stash show", "repo stash apply"),
            *("repo stash push", "repo stash store", "repo stash pop", "repo stash branch"),
            *("repo stash drop", "repo commit react"),
        ),
        "cli/test_files_and_stashes.py",
    ),
    "check": "cli/test_where.py",
    "user reset-factors": "cli/test_factors.py",
    "user sign-out": "cli/test_sessions.py",
    "user impersonations end": "cli/test_sessions.py",
    "audit access": "cli/test_audit_access.py",
    **{
        f"proposal {verb}": "cli/test_proposals.py"
        for verb in ("show", "confirm", "refuse", "withdraw")
    },
    **dict.fromkeys(
        (
            *("review show", "review items", "review progress", "review decide"),
            *("review close", "review repeat", "review result"),
        ),
        "cli/test_access.py",
    ),
    **dict.fromkeys(
        (
            *("access show", "access withdraw", "access approve", "access refuse"),
            *("access prolong", "access end"),
        ),
        "cli/test_access.py",
    ),
    "address-list set": "cli/test_address_lists.py",
    **dict.fromkeys(
        (
            *("repo push", "repo push-certificate", "x509-authority trust"),
            *("x509-authority delete", "x509-authority revoke"),
            *("x509-certificate add", "x509-certificate delete", "org signing-rule remove"),
        ),
        "cli/test_signatures.py",
    ),
    **dict.fromkeys(
        (
            *("service-account show", "service-account suspend", "service-account reinstate"),
            "service-account delete",
        ),
        "cli/test_service_accounts.py",
    ),
    **dict.fromkeys(
        (
            *("ruleset show", "ruleset create", "ruleset set", "ruleset remove"),
            *("repo codeowners", "ruleset codeowners", "ruleset try"),
        ),
        "cli/test_rulesets.py",
    ),
    "token end": "cli/test_credentials.py",
    **dict.fromkeys(("token approve", "token refuse", "token ask"), "cli/test_token_rules.py"),
    "token revoke": "cli/test_leaked_tokens.py",
    "factor-rule add": "cli/test_factors.py",
    "factor-rule remove": "cli/test_factors.py",
    "audit recover": "services/test_audit_recovery.py",
    "audit rotate-key": "services/test_audit_recovery.py",
    **dict.fromkeys(
        (
            *("user link", "user unlink", "user break-glass", "provider show", "provider add"),
            *("provider change", "provider enable", "provider disable", "provider order"),
            *("provider delete", "provider rule list", "provider rule add"),
            *("provider rule remove", "provider test", "provider sync", "provider reports"),
            *("provider report", "provider confirm", "provider saml-key prepare"),
            *("provider saml-key switch", "provider saml-key retire", "provider provisioned"),
            *("provider token list", "provider token create", "provider token delete"),
        ),
        "cli/test_providers.py",
    ),
    "audit auditor revoke": "web/test_api_auditors.py",
    "repo import": "services/test_imports.py",
    **dict.fromkeys(
        ("email add", "email confirm", "email primary", "email remove"),
        "services/test_own_addresses.py",
    ),
    "repo import-archive": "cli/test_archives.py",
    "issue transfer": "web/test_issue_transfers.py",
    "repo cherry-pick": "cli/test_repository_operations.py",
    "audit tail": "cli/test_audit_search.py",
    "audit show": "cli/test_audit_search.py",
    "audit export": "cli/test_audit_export.py",
    "audit trust": "cli/test_audit_export.py",
    "audit prove": "cli/test_audit_export.py",
    "audit checkpoint": "cli/test_audit_export.py",
    "audit prune": "cli/test_audit_prune.py",
    "audit verify": "cli/test_audit_verify.py",
    **dict.fromkeys(
        (
            *("audit stream list", "audit stream show", "audit stream create"),
            *("audit stream change", "audit stream replay", "audit stream pause"),
            *("audit stream resume", "audit stream delete", "audit stream test"),
            "audit stream parked",
        ),
        "web/test_audit_streams.py",
    ),
    **dict.fromkeys(
        (
            *("repo hook show", "repo hook create", "repo hook change", "repo hook delete"),
            *("repo hook ping", "repo hook deliveries", "repo hook delivery"),
            "repo hook redeliver",
        ),
        "web/test_webhooks.py",
    ),
    **dict.fromkeys(
        (
            *("org hook show", "org hook create", "org hook change", "org hook delete"),
            *("org hook ping", "org hook deliveries", "org hook delivery"),
            "org hook redeliver",
        ),
        "cli/test_more_of_repositories.py",
    ),
    **dict.fromkeys(
        (
            *("repo label change", "repo label delete", "repo matrix", "repo milestone show"),
            *("repo milestone change", "repo milestone delete", "issue edit"),
            *("repo branch create", "repo branch delete", "repo tag create", "repo tag delete"),
        ),
        "cli/test_more_of_repositories.py",
    ),
    **dict.fromkeys(
        (
            *("repo check-run show", "repo check-run create", "repo check-run change"),
            "repo check-run annotations",
        ),
        "web/test_checks.py",
    ),
    **dict.fromkeys(
        (
            *("repo mirror show", "repo mirror create", "repo mirror change"),
            *("repo mirror sync", "repo mirror delete"),
        ),
        "web/test_mirrors.py",
    ),
    "audit reconcile": "cli/test_audit_verify.py",
    **dict.fromkeys(
        (
            *("witness serve", "witness key", "witness sign"),
            *("witness add-log", "witness remove-log", "witness logs"),
        ),
        "cli/test_witness.py",
    ),
    **dict.fromkeys(
        (
            *("witness list", "witness trust", "witness remove", "witness quorum"),
            *("witness export", "witness import", "anchor stamp", "anchor list", "anchor verify"),
        ),
        "cli/test_witness_of_appliance.py",
    ),
}
