"""Webhook: where an operator is told of alerts, as JSON that Slack, Mattermost or a program can read."""

import json
import os
from collections.abc import Mapping, Sequence
from http.client import HTTPException
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from xray_platform.errors import InputError, MachineError

VARIABLE = "XRAY_ALERTS_URL"
"""In the environment and not in `xray.yaml`: such addresses hold a secret."""
SECONDS = 10
Alert = Mapping[str, str]


class _NoRedirects(HTTPRedirectHandler):
    """What is sent goes where the operator said, and nowhere else."""

    def redirect_request(self, *_: object) -> None:
        return None


def webhook_url() -> str:
    """Return the address of the webhook; empty where none is set. Raises InputError if it is no http address."""
    url = os.environ.get(VARIABLE, "").strip()
    if url and (urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).netloc):
        raise InputError(f"{VARIABLE} is no address of a webhook; allowed: http://… or https://…")
    return url


def post_alerts(url: str, alerts: Sequence[Alert]) -> None:
    """Send alerts as `{"text": a line each, "alerts": [...]}`.

    Raises MachineError if the webhook does not take them; the error does not say the address, which may hold a secret.
    """
    body = json.dumps({"text": "\n".join(alert["text"] for alert in alerts), "alerts": list(alerts)})
    request = Request(url, body.encode(), {"Content-Type": "application/json"}, method="POST")  # noqa: S310 - see above
    try:
        with build_opener(_NoRedirects).open(request, timeout=SECONDS) as answer:
            answer.read(1024)
    except HTTPError as error:
        raise MachineError(f"the webhook of {VARIABLE} refused {len(alerts)} alerts: HTTP {error.code}") from None
    except (OSError, HTTPException) as error:
        why = getattr(error, "reason", None) or error
        raise MachineError(f"the webhook of {VARIABLE} cannot be reached: {type(why).__name__}") from None
