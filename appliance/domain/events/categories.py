"""Every category of actions, and what its actions have in common.

Sources of the numbers: PCI DSS 4.0.1, requirements 3 to 11; NIST SP 800-53 revision 5;
ISO/IEC 27001:2022, annex A; OCSF 1.9.0; ECS 9.
"""

from __future__ import annotations

from appliance.domain.events.words import Category, Retention, Severity

LOW, MEDIUM, HIGH = Severity.LOW, Severity.MEDIUM, Severity.HIGH
NOTICE = Severity.INFORMATIONAL
OPERATION, ACCESS, SECURITY = Retention.OPERATION, Retention.ACCESS, Retention.SECURITY
CHANGE, EVIDENCE = Retention.CHANGE, Retention.EVIDENCE

IDENTITY = ("pci:8.2.4", "pci:10.2.1.5", "nist:AC-2", "nist:AC-2(4)", "iso:A.5.16")
RIGHTS = ("pci:7.2.5", "pci:10.2.1.5", "nist:AC-2", "nist:AC-6(9)", "iso:A.5.18")
CREDENTIALS = ("pci:8.3.5", "pci:10.2.1.5", "nist:IA-5", "iso:A.5.17")
SIGN_IN = ("pci:10.2.1.4", "nist:IA-2", "nist:AC-7", "iso:A.8.5")
SOURCE = ("pci:6.5.1", "nist:CM-3", "nist:CM-5(1)", "iso:A.8.4", "iso:A.8.32")
REVIEWED = ("pci:6.2.3", "nist:CM-3", "nist:SA-11", "iso:A.8.25", "iso:A.8.32")
FINDINGS = ("pci:6.3.1", "nist:RA-5", "nist:SI-2", "iso:A.8.8")
RECORDS = ("pci:3.2.1", "nist:AU-11", "nist:SI-12", "iso:A.5.33")
LOGS = ("pci:10.2.1.3", "nist:AU-6", "nist:AU-9", "iso:A.8.15")
SETTINGS = ("pci:10.2.1.2", "nist:CM-3", "nist:CM-6", "iso:A.8.9")
MODELS = ("nist:CM-3", "nist:SA-10", "iso:A.8.25")

CATEGORIES: dict[str, Category] = {
    "access": Category(
        "Refused access.",
        *(MEDIUM, SECURITY, 6003, ("api",), ("pci:10.2.1.4", "nist:AC-3", "iso:A.5.15")),
    ),
    "activity": Category(
        "Suspicious activity: what rules over the audit log found, and what became of it.",
        *(
            MEDIUM,
            SECURITY,
            2004,
            ("intrusion_detection",),
            ("pci:10.4.1", "nist:SI-4", "nist:AU-6", "iso:A.8.16"),
        ),
    ),
    "admin": Category(
        "What administrators do with the appliance as a whole.",
        *(
            MEDIUM,
            SECURITY,
            3004,
            ("configuration",),
            ("pci:10.2.1.2", "nist:AC-6(9)", "iso:A.8.2"),
        ),
    ),
    "alert": Category(
        "What scans found in repositories, and what became of it.",
        *(LOW, SECURITY, 2002, ("vulnerability",), FINDINGS),
    ),
    "audit": Category(
        "Use of the audit log, and where it is sent.",
        *(LOW, EVIDENCE, 1008, ("configuration",), LOGS),
    ),
    "auth": Category(
        "Signing in, identity providers and second factors.",
        *(LOW, SECURITY, 3002, ("authentication",), SIGN_IN),
    ),
    "backup": Category(
        "Copies of everything, and coming back from them.",
        *(LOW, EVIDENCE, 3004, ("host",), ("nist:CP-9", "nist:CP-10", "iso:A.8.13")),
    ),
    "branch_rule": Category(
        "Rules about what may happen to branches and tags.",
        *(MEDIUM, CHANGE, 3004, ("configuration",), SOURCE),
    ),
    "check": Category(
        "Commit statuses and check runs.",
        *(NOTICE, CHANGE, 6001, ("file",), ("nist:SA-11", "nist:CM-4", "iso:A.8.29")),
    ),
    "commit": Category(
        "What people say of commits: comments and labels.",
        *(NOTICE, CHANGE, 6001, ("file",), REVIEWED),
    ),
    "config": Category(
        "Starting, stopping and settings of the appliance.",
        *(LOW, CHANGE, 3004, ("configuration",), SETTINGS),
    ),
    "dataset": Category(
        "What models are trained on.",
        *(LOW, CHANGE, 6001, ("file",), MODELS),
    ),
    "dep_scan": Category(
        "What a repository depends on, and what is known to be wrong with it.",
        *(LOW, SECURITY, 2002, ("vulnerability",), FINDINGS),
    ),
    "deploy_key": Category(
        "Keys of machines for one repository.",
        *(MEDIUM, SECURITY, 3007, ("iam",), CREDENTIALS),
    ),
    "git": Category(
        "Clones, pushes and downloads.",
        *(NOTICE, CHANGE, 6001, ("file",), SOURCE),
    ),
    "gpg_key": Category(
        "Keys by which commits and tags are signed.",
        *(MEDIUM, SECURITY, 3007, ("iam",), CREDENTIALS),
    ),
    "group": Category(
        "Groups of directories and identity providers, and what they are mapped to.",
        *(MEDIUM, SECURITY, 3006, ("iam",), RIGHTS),
    ),
    "hold": Category(
        "Legal holds: what must not be deleted, whatever else says so.",
        *(HIGH, EVIDENCE, 3004, ("configuration",), ("nist:AU-11", "iso:A.5.28", "iso:A.5.33")),
    ),
    "issue": Category(
        "Issues, and what pull requests share with them: comments, labels, assignees, milestones.",
        *(NOTICE, CHANGE, 6001, ("file",), ("nist:CM-3", "nist:SI-2", "iso:A.8.32")),
    ),
    "job": Category(
        "Background jobs.",
        *(LOW, OPERATION, 6003, ("process",), ("nist:AU-12", "iso:A.8.16")),
    ),
    "lfs": Category(
        "Large files, beside the repositories they belong to.",
        *(NOTICE, CHANGE, 6001, ("file",), SOURCE),
    ),
    "log": Category(
        "What verifiers of the log have to know of it.",
        *(HIGH, EVIDENCE, 1008, ("configuration",), ("pci:10.3.2", "nist:AU-9", "iso:A.8.15")),
    ),
    "merge": Category(
        "Pull requests, from opening to merging.",
        *(LOW, CHANGE, 6001, ("file",), REVIEWED),
    ),
    "model": Category(
        "Trained models, and who uses them.",
        *(LOW, CHANGE, 6001, ("file",), MODELS),
    ),
    "org": Category(
        "Organisations and who belongs to them.",
        *(MEDIUM, SECURITY, 3006, ("iam",), RIGHTS),
    ),
    "privacy": Category(
        "Requests of persons about what is kept of them.",
        *(MEDIUM, EVIDENCE, 3004, ("configuration",), ("nist:PT-2", "nist:SI-12", "iso:A.5.34")),
    ),
    "release": Category(
        "What is published of a repository.",
        *(LOW, CHANGE, 6001, ("package",), SOURCE),
    ),
    "repo": Category(
        "Repositories: settings, access, imports and mirrors.",
        *(LOW, CHANGE, 3004, ("configuration",), SOURCE),
    ),
    "retention": Category(
        "How long things are kept, and what was removed because of that.",
        *(MEDIUM, EVIDENCE, 3004, ("configuration",), RECORDS),
    ),
    "review": Category(
        "Reviews of pull requests.",
        *(NOTICE, CHANGE, 6001, ("file",), REVIEWED),
    ),
    "role": Category(
        "Roles beyond the built-in ones, and asking for them.",
        *(MEDIUM, SECURITY, 3008, ("iam",), RIGHTS),
    ),
    "scim": Category(
        "Users and groups provisioned by SCIM clients.",
        *(MEDIUM, SECURITY, 3007, ("iam",), IDENTITY),
    ),
    "saml_key": Category(
        "The appliance's own keys for SAML providers.",
        *(MEDIUM, SECURITY, 3004, ("configuration",), CREDENTIALS),
    ),
    "secret_scan": Category(
        "Credentials in content, found and dealt with.",
        *(MEDIUM, SECURITY, 2006, ("vulnerability",), ("pci:8.6.2", "nist:IA-5(7)", "iso:A.8.12")),
    ),
    "session": Category(
        "Sessions, elevation and impersonation.",
        *(LOW, SECURITY, 3002, ("session",), ("pci:8.2.8", "nist:AC-12", "iso:A.8.5")),
    ),
    "ssh_key": Category(
        "Keys by which people use Git over SSH.",
        *(MEDIUM, SECURITY, 3007, ("iam",), CREDENTIALS),
    ),
    "team": Category(
        "Teams of an organisation.",
        *(LOW, SECURITY, 3006, ("iam",), RIGHTS),
    ),
    "token": Category(
        "Access tokens.",
        *(MEDIUM, SECURITY, 3007, ("iam",), CREDENTIALS),
    ),
    "user": Category(
        "Users, and what is known of them.",
        *(MEDIUM, SECURITY, 3007, ("iam",), IDENTITY),
    ),
    "webhook": Category(
        "Webhooks.",
        *(LOW, CHANGE, 3004, ("configuration",), ("nist:CM-3", "nist:SC-7", "iso:A.8.9")),
    ),
    "x509_authority": Category(
        "Certificate authorities trusted for signatures of commits and tags.",
        *(MEDIUM, SECURITY, 3007, ("iam",), CREDENTIALS),
    ),
    "x509_certificate": Category(
        "Certificates by which users sign commits and tags.",
        *(MEDIUM, SECURITY, 3007, ("iam",), CREDENTIALS),
    ),
}
