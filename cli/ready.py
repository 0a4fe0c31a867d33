"""Making a real firm ready: `init` writes the configuration, `connect` fetches a grant by browser."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli import say
from cli.app import MAKE_READY
from cli.configuration import PROFILES
from hub.errors import NeedsPerson

if TYPE_CHECKING:
    from flows.hub import Hub

CALLBACK_PORT = 8910
QUESTIONS = {
    "name": ("The firm's name", "Your firm"),
    "time_zone": ("Its time zone", "UTC"),
    "currency": ("Its currency", "EUR"),
    "profile": (f"Default first screen ({', '.join(PROFILES)})", "professional_services"),
    "public_url": ("Where clients reach the portal", "http://127.0.0.1:8000"),
    "sources": ("Systems to connect", ""),
}
"""What `init` asks, and what it takes for an answer where none is given."""
WITHOUT_TERMINAL = (
    "Give the answers as options: --name, --time-zone, --currency, --profile, --public-url, and --source once for each "
    "system; `frontdesk init --help` explains them."
)


def add_to(app: typer.Typer) -> None:
    app.command(rich_help_panel=MAKE_READY)(init)
    app.command(rich_help_panel=MAKE_READY)(connect)


def init(
    name: Annotated[str | None, typer.Option(help="The firm's name, as its clients know it.")] = None,
    time_zone: Annotated[str | None, typer.Option(help="IANA zone, such as Europe/Berlin.")] = None,
    currency: Annotated[str | None, typer.Option(help="ISO 4217, such as EUR.")] = None,
    profile: Annotated[str | None, typer.Option(help=f"Default first screen: {', '.join(PROFILES)}.")] = None,
    source: Annotated[list[str] | None, typer.Option(help="A system to connect; may be given more than once.")] = None,
    public_url: Annotated[str | None, typer.Option(help="Where clients reach the portal.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Write over an existing file.")] = False,
) -> None:
    """Write frontdesk.toml, asking for what is not given. It never holds a secret."""
    from cli.configuration import Answers, refuse_existing, write

    given = {"name": name, "time_zone": time_zone, "currency": currency, "profile": profile, "public_url": public_url}
    given["sources"] = " ".join(source) if source else None
    file = Path("frontdesk.toml")
    if not force:
        refuse_existing(file)
    told = _answers(given)
    answers = Answers(**{**told, "sources": tuple(told["sources"].replace(",", " ").split())})  # type: ignore[arg-type]
    write(file, answers)
    print(f"Wrote {file}. Secrets stay out of it; set these in the environment or a secret file (NAME_FILE):\n")
    for variable, meaning in secrets_of(answers.sources):
        print(f"  {variable:<44} {meaning}")
    print("\nThen: frontdesk migrate, frontdesk check, frontdesk sync, frontdesk serve")


def _answers(given: Mapping[str, str | None]) -> dict[str, str]:
    """What was given, looked at before anything is asked, and the answers to the rest."""
    asks = sys.stdin.isatty()
    if not asks and not any(given.values()):
        raise NeedsPerson("There is no terminal to ask at, and nothing was given.", step=WITHOUT_TERMINAL)
    for name, text in given.items():
        if text is not None:
            _refuse_wrong(name, text)
    return {name: given[name] or (_ask(name) if asks else QUESTIONS[name][1]) for name in QUESTIONS}


def _refuse_wrong(name: str, text: str) -> None:
    from cli.configuration import right

    try:
        right(name, text)
    except ValueError as error:
        option = f"--{name.replace('_', '-')}" if name != "sources" else "--source"
        raise NeedsPerson(f"{option} is not right: {error}.", step="Correct it, then try again.") from None


def _ask(name: str) -> str:
    """Ask until the answer can be right: what was answered before is not lost."""
    from cli.configuration import right

    def looked_at(answer: str) -> str:
        try:
            return right(name, answer.strip())
        except ValueError as error:
            raise typer.BadParameter(f"{error}.") from None

    question, default = QUESTIONS[name]
    if name == "sources":
        from flows.hub import connector_names

        question = f"{question} ({', '.join(connector_names())})"
    answer: str = typer.prompt(question, default=default, show_default=bool(default), value_proc=looked_at)
    return answer


def secrets_of(sources: tuple[str, ...]) -> list[tuple[str, str]]:
    """Environment variables that must be set, with what each is for."""
    from cli.configuration import is_secret
    from flows.hub import connector_named
    from hub.settings import variable_of

    found = [("FRONTDESK_SECRET_KEY", "32 random characters or more: openssl rand -base64 32")]
    found.append(("FRONTDESK_SMTP_URL", "for sign-in mail: smtps://user:password@host:465"))
    for source in sources:
        for setting, field in connector_named(source).settings.model_fields.items():
            if is_secret(field):
                need = "needed" if field.is_required() else "if you use it, see frontdesk.toml"
                found.append((variable_of(source, setting), need))
    return found


def connect(
    source: str,
    code: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="The whole address that the browser was sent back to.")
    ] = None,
    redirect_uri: Annotated[
        str | None, typer.Option(help="As registered with the vendor, if not this machine.")
    ] = None,
    port: Annotated[int, typer.Option(help="Where this machine waits for the browser.")] = CALLBACK_PORT,
    no_browser: Annotated[bool, typer.Option("--no-browser", help="Print the address instead of opening it.")] = False,
) -> None:
    """Grant access to a source in a browser.

    The token is stored encrypted.
    """
    from flows.hub import open_hub
    from hub.settings import load

    with open_hub(load()) as hub:
        asked = Request(hub, source, redirect_uri or f"http://localhost:{port}/callback")
        if code:
            answer = asked.read_pasted(code)
        else:
            answer = asked.by_browser(port, quiet=no_browser, waits_here=redirect_uri is None)
        asked.store(answer)
    print(f"{source} is connected. `frontdesk check` tells whether its permissions suffice.")


class Request:
    """One OAuth request. `state` proves that the answer belongs to it; it is a hash, so that a paste can be checked."""

    def __init__(self, hub: Hub, source: str, redirect_uri: str) -> None:
        from hashlib import blake2b

        self.connected, self.redirect_uri = hub.source(source), redirect_uri
        self.tokens = hub.tokens(source)
        key = hub.settings.require_secret_key().encode()[:64]
        self.state = blake2b(f"connect {source} {redirect_uri}".encode(), key=key, digest_size=16).hexdigest()
        if self.connected.connector.authorize is None:
            raise NeedsPerson(
                f"{source} needs no browser: its credentials are settings.", step="Run `frontdesk check` to try them."
            )
        self.authorize = self.connected.connector.authorize

    def address(self) -> str:
        return self.authorize.url(self.connected.settings, self.redirect_uri, self.state)

    def by_browser(self, port: int, *, quiet: bool, waits_here: bool) -> Mapping[str, str]:
        from cli.callback import wait_for_answer
        from cli.run import require_free

        if waits_here:
            require_free("127.0.0.1", port, "--port")
        address = self.address()
        say.note(f"Open this address and allow access:\n\n  {address}\n")
        if not waits_here:
            return self.read_pasted(typer.prompt("Then paste the address that the browser was sent to"))
        if not quiet:
            import webbrowser

            webbrowser.open(address)
        return self.checked(wait_for_answer(port))

    def read_pasted(self, address: str) -> Mapping[str, str]:
        from urllib.parse import parse_qsl, urlsplit

        return self.checked(dict(parse_qsl(urlsplit(address.strip()).query)))

    def checked(self, answer: Mapping[str, str]) -> Mapping[str, str]:
        if "error" in answer:
            raise NeedsPerson(f"Access was not granted: {answer['error']}.", step="Run the command again and allow it.")
        if answer.get("state") != self.state or "code" not in answer:
            raise NeedsPerson(
                "That answer does not belong to this request.", step="Run the command again and use its own address."
            )
        return answer

    def store(self, answer: Mapping[str, str]) -> None:
        self.tokens.put(self.authorize.exchange(self.connected.settings, self.redirect_uri, answer))
