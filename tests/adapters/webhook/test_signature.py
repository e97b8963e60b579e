# ruff: noqa: S105, S106 - nothing secret
"""Signatures and who may post. The vector of Twilio's is that of its own libraries' tests."""

import hashlib
import hmac
from base64 import b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.webhook.gate import Credentials, Gate, Verdict
from adapters.webhook.signature import (
    SIGNATURE_HEADER,
    SeenSignatures,
    is_from_twilio,
    read_signature,
    sign,
    twilio_signature,
)

BODY = b'{"property": "value", "boolean": true}'
HASH = "0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620"
QUERY = f"foo=1&bar=2&bodySHA256={HASH}"
URL = "https://mycompany.com/myapp.php"
TWILIO = "a9nBmqA0ju/hNViExpshrM61xv4="
AUTH_TOKEN = "12345"
SECRET = "shared-with-the-acd"
NOW = 1_700_000_000.0
OURS = SIGNATURE_HEADER.lower()


def gate(**known: object) -> Gate:
    return Gate(Credentials(**known), SeenSignatures())  # type: ignore[arg-type]


def signed(body: bytes = BODY, at: float = NOW, secret: str = SECRET) -> dict[str, str]:
    return {OURS: sign(secret, body, at)}


# ---- our own


def test_the_signed_text_is_the_time_a_full_stop_and_the_body() -> None:
    digest = hmac.new(SECRET.encode(), b"1700000000." + BODY, hashlib.sha256).hexdigest()
    assert sign(SECRET, BODY, NOW + 0.9) == f"t=1700000000,v1={digest}"


def test_a_signature_fits_its_body_and_secret_only() -> None:
    signature = read_signature(sign(SECRET, BODY, NOW))
    assert signature is not None
    assert signature.at == NOW
    assert signature.fits(SECRET, BODY)
    assert not signature.fits("another", BODY)
    assert not signature.fits(SECRET, BODY + b" ")


def test_one_of_several_signatures_is_enough_while_a_secret_is_changed() -> None:
    old, new = sign("old", BODY, NOW), sign(SECRET, BODY, NOW).partition(",")[2]
    signature = read_signature(f"{old}, {new.upper().replace('V1', 'v1')},v0=x")
    assert signature is not None
    assert signature.fits(SECRET, BODY)


@pytest.mark.parametrize(
    "header",
    [
        "",
        "t=1",
        f"v1={'a' * 64}",
        f"t=x,v1={'a' * 64}",
        f"t=1,v1={'a' * 63}",
        f"t=1,v1={'g' * 64}",
        f"t=1{',v1=' + 'a' * 64}" + f",v1={'a' * 64}" * 4,
        f"t=1,v1={'a' * 64}" + "," * 1024,
        f"t={'1' * 16},v1={'a' * 64}",
    ],
)
def test_what_is_no_signature_is_none(header: str) -> None:
    assert read_signature(header) is None


@given(st.text())
def test_no_header_makes_it_stumble(header: str) -> None:
    read_signature(header)


def test_signatures_are_remembered_while_they_are_good() -> None:
    seen = SeenSignatures()
    seen.add("a", 100.0, until=0.0)
    seen.add("b", 200.0, until=0.0)
    seen.add("b", 200.0, until=0.0)
    assert ("a" in seen, "b" in seen, len(seen)) == (True, True, 2)
    seen.add("c", 500.0, until=150.0)
    assert ("a" in seen, "b" in seen, len(seen)) == (False, True, 2)


def test_what_had_to_be_forgotten_is_good_no_more() -> None:
    seen = SeenSignatures(limit=2)
    for number, name in enumerate("cab"):
        seen.add(name, 100.0 + number, until=0.0)
    assert (seen.good_after, len(seen)) == (100.0, 2)
    gate = Gate(Credentials(secret=SECRET), seen)
    assert gate.judge(signed(at=100.0), "", BODY, 101.0) is Verdict.EXPIRED
    assert gate.judge(signed(at=101.0), "", BODY, 101.0) is Verdict.ALLOWED


# ---- Twilio's


def test_twilios_own_vector_is_reproduced() -> None:
    assert hashlib.sha256(BODY).hexdigest() == HASH
    assert twilio_signature(AUTH_TOKEN, f"{URL}?{QUERY}") == TWILIO
    assert is_from_twilio(AUTH_TOKEN, URL, QUERY, BODY, TWILIO)


def test_a_standard_port_may_have_been_signed_or_not() -> None:
    assert is_from_twilio(AUTH_TOKEN, "https://mycompany.com:443/myapp.php", QUERY, BODY, TWILIO)
    with_port = twilio_signature(AUTH_TOKEN, f"https://mycompany.com:443/myapp.php?{QUERY}")
    assert is_from_twilio(AUTH_TOKEN, URL, QUERY, BODY, with_port)
    with_port = twilio_signature(AUTH_TOKEN, f"https://[::1]:8443/x?{QUERY}")
    assert is_from_twilio(AUTH_TOKEN, "https://[::1]:8443/x", QUERY, BODY, with_port)


@pytest.mark.parametrize(
    ("token", "url", "query", "body", "header"),
    [
        ("other", URL, QUERY, BODY, TWILIO),
        (AUTH_TOKEN, URL.replace("https", "http"), QUERY, BODY, TWILIO),
        (AUTH_TOKEN, URL, QUERY + "&x=1", BODY, TWILIO),
        (AUTH_TOKEN, URL, QUERY, BODY + b" ", TWILIO),
        (AUTH_TOKEN, URL, QUERY, BODY, ""),
        (AUTH_TOKEN, URL, QUERY, BODY, "\udcff"),
    ],
)
def test_anything_else_is_not_from_twilio(token: str, url: str, query: str, body: bytes, header: str) -> None:
    assert not is_from_twilio(token, url, query, body, header)


def test_a_signed_url_without_the_bodys_hash_proves_nothing() -> None:
    for query in ("", "foo=1", f"bodySHA256={HASH}&bodySHA256={HASH}", "bodySHA256=\udcff"):
        header = twilio_signature(AUTH_TOKEN, f"{URL}?{query}")
        assert not is_from_twilio(AUTH_TOKEN, URL, query, BODY, header)


# ---- the gate


def test_nobody_is_let_in_where_nothing_is_configured() -> None:
    assert not Credentials().are_any
    assert gate().judge_head({"authorization": "Bearer "}) is Verdict.NOT_ALLOWED
    assert gate().judge({OURS: sign("", BODY, NOW)}, "", BODY, NOW) is Verdict.NOT_ALLOWED


def test_an_open_gate_lets_in_everybody() -> None:
    assert Credentials(is_open=True).are_any
    assert gate(is_open=True).judge_head({}) is Verdict.ALLOWED


@pytest.mark.parametrize(
    ("headers", "verdict"),
    [
        ({"authorization": "Bearer t0k3n"}, Verdict.ALLOWED),
        ({"authorization": "bearer  t0k3n"}, Verdict.ALLOWED),
        ({"authorization": "Bearer t0k3"}, Verdict.NOT_ALLOWED),
        ({"authorization": "t0k3n"}, Verdict.NOT_ALLOWED),
        ({"authorization": "Bearer t0k3n, Bearer t0k3n"}, Verdict.NOT_ALLOWED),
        ({"authorization": "Bearer \udcff"}, Verdict.NOT_ALLOWED),
        ({"x-api-key": "t0k3n"}, Verdict.NOT_ALLOWED),
        ({}, Verdict.NOT_ALLOWED),
    ],
)
def test_a_bearer_token_lets_in(headers: dict[str, str], verdict: Verdict) -> None:
    assert gate(token="t0k3n").judge_head(headers) is verdict


def test_a_token_may_stand_bare_in_a_header_of_the_users_choice() -> None:
    keyed = gate(token="t0k3n", token_header="x-api-key")
    assert keyed.judge_head({"x-api-key": "t0k3n"}) is Verdict.ALLOWED
    assert keyed.judge_head({"authorization": "Bearer t0k3n"}) is Verdict.NOT_ALLOWED


def test_a_name_and_a_password_let_in() -> None:
    basic = gate(username="twilio", password="pässword")
    good = b64encode("twilio:pässword".encode()).decode()
    assert basic.judge_head({"authorization": f"Basic {good}"}) is Verdict.ALLOWED
    assert basic.judge_head({"authorization": f"Bearer {good}"}) is Verdict.NOT_ALLOWED
    assert basic.judge_head({"authorization": "Basic !!"}) is Verdict.NOT_ALLOWED


def test_a_signature_is_judged_with_the_body_and_only_where_one_is_there() -> None:
    both = gate(secret=SECRET, auth_token=AUTH_TOKEN, public_url=URL)
    assert both.judge_head(signed()) is Verdict.UNDECIDED
    assert both.judge_head({"x-twilio-signature": "x"}) is Verdict.UNDECIDED
    assert both.judge_head({}) is Verdict.NOT_ALLOWED
    assert gate(token="t").judge_head(signed()) is Verdict.NOT_ALLOWED
    assert both.judge(signed(), "", BODY, NOW) is Verdict.ALLOWED
    assert both.judge({"x-twilio-signature": TWILIO}, QUERY, BODY, NOW) is Verdict.ALLOWED
    assert both.judge({"x-twilio-signature": TWILIO}, QUERY, b"{}", NOW) is Verdict.NOT_ALLOWED
    assert both.judge(signed(secret="wrong"), "", BODY, NOW) is Verdict.NOT_ALLOWED


@pytest.mark.parametrize(("age", "verdict"), [(300.0, "allowed"), (301.0, "expired"), (-301.0, "expired")])
def test_a_signature_is_good_for_five_minutes_both_ways(age: float, verdict: str) -> None:
    assert gate(secret=SECRET).judge(signed(), "", BODY, NOW + age) == verdict


def test_whether_a_wrong_signature_is_old_is_nobodys_business() -> None:
    assert gate(secret=SECRET).judge(signed(secret="x"), "", BODY, NOW + 900) is Verdict.NOT_ALLOWED


def test_a_signature_is_good_once_after_its_post_was_taken() -> None:
    guard = gate(secret=SECRET)
    for _ in range(2):  # the first post was not taken after all
        assert guard.judge(signed(), "", BODY, NOW) is Verdict.ALLOWED
    guard.used(NOW)
    guard.used(NOW)
    assert guard.judge(signed(), "", BODY, NOW + 200) is Verdict.REPLAYED
