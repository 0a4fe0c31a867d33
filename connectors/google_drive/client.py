"""One session with Google Drive, through Google's own client: counted, timed out, asked in one place."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

import httplib2
import orjson
from google.oauth2.service_account import Credentials
from google_auth_httplib2 import AuthorizedHttp
from googleapiclient.discovery import build_from_document
from googleapiclient.discovery_cache import get_static_doc
from googleapiclient.errors import HttpError
from googleapiclient.model import JsonModel

from connectors.google_drive.failures import FAILURES, Account, about_one_file, failure
from connectors.google_drive.settings import SCOPE, DriveSettings
from connectors.google_drive.tree import Tree
from hub import any_json
from hub.clock import UTC, now
from hub.errors import NeedsPerson

TIMEOUT_SECONDS = 60.0


class CountingHttp(httplib2.Http):  # type: ignore[misc] # httplib2 has no types
    """httplib2 with a time-out, a count, and no proxy of the machine's: it must not see a firm's credentials."""

    def __init__(self) -> None:
        super().__init__(timeout=TIMEOUT_SECONDS, proxy_info=None)
        self.count = 0

    def request(self, *args: Any, **kwargs: Any) -> Any:
        self.count += 1
        return super().request(*args, **kwargs)


class FastModel(JsonModel):  # type: ignore[misc] # googleapiclient has no types
    """Answers decoded with orjson. ValueError for what is no object: Drive answers nothing else."""

    def deserialize(self, content: bytes) -> Any:
        answer = any_json.loads(content)
        if not isinstance(answer, dict):
            raise ValueError("the answer is no object")  # noqa: TRY004 -- as JSON that cannot be read
        return answer


@dataclass
class Drive:
    """A session: Google's service object and what has been learnt of the Drive so far. For one thread only.

    `clock` is Google's own time at its last answer. `tree` are the folders once they were needed. `unread` holds pages
    of the change log for streams that have not read them yet.
    """

    settings: DriveSettings
    account: Account
    service: Any
    http: AuthorizedHttp
    counter: CountingHttp
    clock: dt.datetime = field(default_factory=now)
    tree: Tree | None = None
    unread: dict[str, Any] = field(default_factory=dict)

    def ask(self, request: Any) -> Any:
        """Execute a request once; the engine does the retries. Raises RetryLater or NeedsPerson."""
        try:
            return self.execute(request)
        except FAILURES as error:
            raise failure(error, self.account) from error

    def ask_for(self, request: Any) -> Any:
        """As `ask`, but None where Drive says that there is no such file, or none that we may see."""
        try:
            return self.execute(request)
        except HttpError as error:
            if error.resp.status == HTTPStatus.NOT_FOUND:
                return None
            raise failure(error, self.account) from error
        except FAILURES as error:
            raise failure(error, self.account) from error

    def ask_content(self, request: Any) -> Any:
        """As `ask` for one file's content: what concerns that file alone is a BadRecord."""
        try:
            return self.execute(request)
        except HttpError as error:
            raise about_one_file(error, self.account) from error
        except FAILURES as error:
            raise failure(error, self.account) from error

    def execute(self, request: Any) -> Any:
        """Execute a request with Google's own exceptions."""
        request.add_response_callback(self.tell_time)
        return request.execute(num_retries=0)

    def tell_time(self, response: Any) -> None:
        """Take Google's clock from an answer."""
        try:
            self.clock = parsedate_to_datetime(response.get("date", "")).astimezone(UTC)
        except ValueError:
            self.clock = now()

    def where(self) -> dict[str, Any]:
        """The parameters of a list that say which drive: the user's own, or one shared drive."""
        if not self.settings.drive_id:
            return {"supportsAllDrives": True}
        return {"supportsAllDrives": True, "includeItemsFromAllDrives": True, "driveId": self.settings.drive_id}


@contextmanager
def session(settings: DriveSettings) -> Iterator[Drive]:
    """A session by the settings' key. NeedsPerson when the key cannot be used; nothing is sent yet."""
    info = key_of(settings)
    account = Account(
        str(info.get("client_email", "")),
        str(info.get("client_id", "")),
        str(info.get("project_id", "")),
        settings.subject,
        settings.base_url,
    )
    counter = CountingHttp()
    http = AuthorizedHttp(credentials_of(info, settings), http=counter)
    try:
        yield Drive(settings, account, service_of(settings, http), http, counter)
    finally:
        http.close()


def key_of(settings: DriveSettings) -> dict[str, Any]:
    """The service account's key as Google's console gave it. NeedsPerson when there is none."""
    step = "Download a JSON key of the service account from the Google Cloud console and configure it."
    try:
        if settings.service_account_json is not None:
            content = orjson.loads(settings.service_account_json.get_secret_value())
        else:
            assert settings.service_account_file is not None
            content = orjson.loads(settings.service_account_file.read_bytes())
    except OSError as error:
        raise NeedsPerson(f"The key {error.filename} cannot be read: {error.strerror}.", step=step) from None
    except orjson.JSONDecodeError:
        raise NeedsPerson("The service account's key is no JSON.", step=step) from None
    if not isinstance(content, dict):
        raise NeedsPerson("The service account's key is no JSON object.", step=step)
    return content


def credentials_of(info: dict[str, Any], settings: DriveSettings) -> Credentials:
    """Credentials for the one scope we need. NeedsPerson when the key is damaged."""
    if settings.base_url:
        info = {**info, "token_uri": settings.base_url.rstrip("/") + "/token"}
    try:
        found: Credentials = Credentials.from_service_account_info(  # type: ignore[no-untyped-call] # has no types
            info, scopes=[SCOPE], subject=settings.subject or None
        )
    except (ValueError, KeyError) as error:
        raise NeedsPerson(
            "The service account's key is not complete.",
            step="Download a JSON key of the service account from the Google Cloud console and configure it.",
            detail=type(error).__name__,
        ) from None
    return found


def service_of(settings: DriveSettings, http: AuthorizedHttp) -> Any:
    """Google's client, built from the discovery document in its package, so that no request is spent on it."""
    document = orjson.loads(get_static_doc("drive", "v3"))
    if settings.base_url:
        document["rootUrl"] = settings.base_url.rstrip("/") + "/"
    return build_from_document(document, http=http, model=FastModel())


def is_googles(address: str, settings: DriveSettings) -> bool:
    """Whether an address that Drive gave us may see our bearer."""
    host = urlsplit(address).netloc
    if settings.base_url:
        return host == urlsplit(settings.base_url).netloc
    return urlsplit(address).scheme == "https" and host.endswith((".google.com", ".googleapis.com"))
