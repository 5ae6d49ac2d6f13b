"""The log-in host for people: one form, a home page, and the hand-over to the dashboard's host.

No script anywhere: the pages work with scripts off, and their policy forbids them. Leaves out who may call what
(Envoy, the catalogue) and checking a password (`login.authentication`).
"""

import hashlib
import hmac
import time
from pathlib import Path
from typing import Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import Response

from rayfence.access.principal import Principal
from rayfence.gateway.answers import NO_STORE, Refused
from rayfence.gateway.bodies import read_form
from rayfence.gateway.login.authentication import by_cluster_token, by_password, current_grant
from rayfence.gateway.login.session_api import MAX_CLUSTER_TOKEN, end_session, open_session
from rayfence.gateway.service import Call, Handler, Service
from rayfence.gateway.sessions.cookies import DASHBOARD, LOGIN, clear_cookie, read_cookie, set_cookie
from rayfence.gateway.sessions.roles import right_names, role_names

_TEMPLATES: Final = Path(__file__).parent / "templates"

PAGES: Final = Environment(
    loader=FileSystemLoader(_TEMPLATES),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)

#: Path on the dashboard's host that takes the one-time code.
HAND_OVER: Final = "/.rayfence/session"


async def login_page(service: Service, call: Call) -> Response:
    """GET /login: the form; someone who is logged in goes straight on to the dashboard."""
    session = _session_of(service, call)
    if session is not None:
        return _to_dashboard(service, session)
    return _form(service)


async def submit_login(service: Service, call: Call) -> Response:
    """POST /login (form): on success the session cookie and a redirect to the dashboard, else the form with the
    reason.
    """
    refuse_foreign_origin(service, call)
    fields = await read_form(call.request)
    if service.members is not None:
        return await _submit_token(service, call, fields.get("token", "").strip())
    name, password = fields.get("username", ""), fields.get("password", "")
    if not name or not password or len(name) > 256 or len(password) > 1024:
        return _form(service, name=name[:64], problem="Enter your user name and your password.", status=400)
    try:
        grant = await by_password(service, call, name, password)
        token, claims = await open_session(service, call, grant, browser=True)
    except Refused as refused:
        return _form(service, name=name, problem=refused.message, status=refused.status, headers=refused.headers)
    response = _to_dashboard(service, claims)
    response.headers.append("set-cookie", set_cookie(LOGIN, token, service.settings.limits.session_seconds))
    return response


async def _submit_token(service: Service, call: Call, proof: str) -> Response:
    """The form where the cluster's API server says who one is: a token of it, pasted."""
    if not proof or len(proof) > MAX_CLUSTER_TOKEN:
        return _form(service, problem="Paste a token.", status=400)
    try:
        grant = await by_cluster_token(service, call, proof)
        token, claims = await open_session(service, call, grant, browser=True)
    except Refused as refused:
        return _form(service, problem=refused.message, status=refused.status, headers=refused.headers)
    response = _to_dashboard(service, claims)
    seconds = claims.expires_at - int(time.time())
    response.headers.append("set-cookie", set_cookie(LOGIN, token, max(1, seconds)))
    return response


async def style(service: Service, call: Call) -> Response:  # noqa: ARG001 - the handlers' common form
    """GET /login.css."""
    return Response(_STYLE, media_type="text/css", headers={"cache-control": "max-age=3600", **_no_sniff()})


async def home(service: Service, call: Call) -> Response:
    """GET /: who one is, until when, where to go; `?open=dashboard` goes there."""
    caller = call.caller
    if call.request.query_params.get("open") == "dashboard":
        return _to_dashboard(service, caller)
    page = PAGES.get_template("home.html").render(
        instance=service.settings.instance,
        caller=caller,
        roles=role_names(caller.roles),
        rights=right_names(caller.rights),
        ends=time.strftime("%H:%M, %d %b %Y UTC", time.gmtime(caller.expires_at)),
        left=hours_and_minutes(caller.expires_at - int(time.time())),
        form_token=form_token(service, caller),
        api=service.settings.origin(service.settings.hosts.api[0]),
    )
    return _page(service, page)


async def submit_logout(service: Service, call: Call) -> Response:
    """POST /logout (form): every session and token of the caller ends; back to the form."""
    refuse_foreign_origin(service, call)
    fields = await read_form(call.request)
    if not hmac.compare_digest(fields.get("form_token", "").encode(), form_token(service, call.caller).encode()):
        raise Refused(403, "forbidden", "this page is out of date; load it again and log out there")
    await end_session(service, call, everywhere=fields.get("everywhere") == "yes")
    response = _redirect(f"{service.login_origin}/login")
    response.headers.append("set-cookie", clear_cookie(LOGIN))
    return response


async def take_code(service: Service, call: Call) -> Response:
    """GET /.rayfence/session?code=… on the dashboard's host: its cookie for a code, then its first page.

    A page of another site that sends a browser here with its own author's code would log that browser in as someone
    else; browsers say where a navigation came from.
    """
    if call.request.headers.get("sec-fetch-site", "none") == "cross-site":
        raise Refused(403, "forbidden", "open the dashboard from the log-in page")
    session = service.handover.redeem(call.request.query_params.get("code", ""))
    if session is None or service.revocations.covers(session):
        return _redirect(f"{service.login_origin}/login")
    seconds = session.expires_at - int(time.time())
    if seconds <= 0:
        return _redirect(f"{service.login_origin}/login")
    grant = current_grant(service, session)
    token, _ = service.minter.mint(
        service.settings.audiences.dashboard, grant.subject, grant.role, (), seconds=seconds, session=session.session
    )
    response = _redirect("/")
    response.headers.append("set-cookie", set_cookie(DASHBOARD, token, seconds))
    return response


def refuse_foreign_origin(service: Service, call: Call) -> None:
    """Forms are taken from our own pages only. Raises Refused 403.

    Browsers send Origin with every POST. Its absence means no browser: such a client has the JSON API.
    """
    if call.request.headers.get("origin") != service.login_origin:
        raise Refused(403, "foreign_origin", "this form is only taken from the log-in page itself")


def hours_and_minutes(seconds: int) -> str:
    """As people say it: `7 h 59 min`, `12 min`; never less than nothing."""
    hours, minutes = divmod(max(0, seconds) // 60, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"


def form_token(service: Service, caller: Principal) -> str:
    """Proof that a form was made for its caller's log-in, whichever replica answered."""
    return hmac.new(service.stamps.form_key, caller.session.encode(), hashlib.sha256).hexdigest()


def _session_of(service: Service, call: Call) -> Principal | None:
    cookie = read_cookie(call.request.headers.get("cookie", ""), LOGIN)
    return service.minter.verify(cookie, service.settings.audiences.login) if cookie else None


def _to_dashboard(service: Service, session: Principal) -> Response:
    return _redirect(f"{service.dashboard_origin}{HAND_OVER}?code={service.handover.issue(session)}")


def _redirect(location: str) -> Response:
    headers = {"location": location, "referrer-policy": "no-referrer", **NO_STORE}
    return Response(status_code=303, headers=headers)


def _form(
    service: Service, *, name: str = "", problem: str = "", status: int = 200, headers: dict[str, str] | None = None
) -> Response:
    page = PAGES.get_template("login.html").render(
        instance=service.settings.instance,
        name=name,
        problem=problem,
        by_token=service.members is not None,
    )
    return _page(service, page, status, headers)


def _page(service: Service, html: str, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    # `form-action` names the dashboard because browsers hold it against the redirect that follows the form, too.
    # The referrer policy is not `no-referrer`: that would make browsers send `Origin: null` with the form.
    policy = (
        "default-src 'none'; style-src 'self'; img-src data:; base-uri 'none'; frame-ancestors 'none'; "
        f"form-action 'self' {service.dashboard_origin}"
    )
    return Response(
        html,
        status_code=status,
        media_type="text/html",
        headers={
            **NO_STORE,
            **(headers or {}),
            "content-security-policy": policy,
            "referrer-policy": "same-origin",
            "x-frame-options": "DENY",
        },
    )


def _no_sniff() -> dict[str, str]:
    return {"x-content-type-options": "nosniff"}


_STYLE: Final = (_TEMPLATES / "login.css").read_text(encoding="utf-8")

HANDLERS: dict[str, Handler] = {
    "login.page": login_page,
    "login.submit": submit_login,
    "login.style": style,
    "login.home": home,
    "session.logout": submit_logout,
    "dashboard.session": take_code,
}
