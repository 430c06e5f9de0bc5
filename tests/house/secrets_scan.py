"""
No secret in a tracked file: detect-secrets without its network checks, plus the Coinbase key.

`python -m tests.house.secrets_scan [FILE…]` scans the files named, or everything tracked; 1 when something is found.
A false alarm is excused on its own line, `# pragma: allowlist secret`, where a reader sees it.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

from detect_secrets.core.scan import scan_file
from detect_secrets.settings import transient_settings

from tests.house.repository import tracked_files

ROOT = Path(__file__).resolve().parents[2]
NOT_SCANNED = {"requirements.lock"}  # nothing but hashes
SETTINGS = {
    "plugins_used": [
        *({"name": name} for name in (
            "AWSKeyDetector", "AzureStorageKeyDetector", "BasicAuthDetector", "DiscordBotTokenDetector",
            "GitHubTokenDetector", "GitLabTokenDetector", "JwtTokenDetector", "KeywordDetector", "MailchimpDetector",
            "NpmDetector", "OpenAIDetector", "PrivateKeyDetector", "PypiTokenDetector", "SendGridDetector",
            "SlackDetector", "StripeDetector", "TelegramBotTokenDetector", "TwilioKeyDetector",
        )),
        {"name": "Base64HighEntropyString", "limit": 4.5},
        {"name": "CoinbaseKeyDetector", "path": f"file://{Path(__file__).with_name('coinbase_key.py')}"},
    ],
    "filters_used": [
        {"path": "detect_secrets.filters.allowlist.is_line_allowlisted"},
        {"path": "detect_secrets.filters.heuristic.is_sequential_string"},
        {"path": "detect_secrets.filters.heuristic.is_templated_secret"},
        {"path": "detect_secrets.filters.heuristic.is_indirect_reference"},
        {"path": "detect_secrets.filters.heuristic.is_prefixed_with_dollar_sign"},
        {"path": "detect_secrets.filters.heuristic.is_non_text_file"},
    ],
}  # fmt: skip


def secrets_in(paths: Iterable[Path]) -> list[str]:
    """Where something looks like a secret, and like which; never the secret itself."""
    with transient_settings(SETTINGS):
        return [
            f"{path}:{secret.line_number}: looks like a secret ({secret.type})"
            for path in paths
            if path.name not in NOT_SCANNED
            for secret in scan_file(str(path))
        ]


def main(arguments: list[str]) -> int:
    found = secrets_in(map(Path, arguments) if arguments else tracked_files(ROOT))
    print("\n".join(found), end="\n" if found else "")
    return bool(found)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
