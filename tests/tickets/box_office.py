"""What a box office on seats.io does, with its own client: `box_office.py URL SECRET` says `sold` at its end."""

import sys

from seatsio import Client, Region
from seatsio.events.objectProperties import ObjectProperties
from seatsio.exceptions import BestAvailableObjectsNotFoundException, SeatsioException

url, secret = sys.argv[1], sys.argv[2]
client = Client(Region(url), secret)


def refused(code, call, *args, **more):
    """The call is refused with this code."""
    try:
        call(*args, **more)
    except SeatsioException as error:
        codes = [fault["code"] for fault in error.errors]
        assert codes == [code], (codes, error.message)
        return error
    raise AssertionError(f"{call} is not refused")


refused("BAD_API_KEY", Client(Region(url), "guessed").events.retrieve, "gig")

# An event of a chart.
event = client.events.create(chart_key="gig", event_key="night", name="A night")
assert (event.key, event.name, event.supports_best_available) == ("night", "A night", True)
assert client.events.retrieve("night").key == "night"
refused("DUPLICATE_EVENT_KEY", client.events.create, chart_key="gig", event_key="night", name="Another")
refused("EVENT_NOT_FOUND", client.events.retrieve, "day")

# Hold tokens.
token = client.hold_tokens.create(expires_in_minutes=5)
assert 290 <= token.expires_in_seconds <= 300, token.expires_in_seconds
assert client.hold_tokens.retrieve(token.hold_token).expires_at == token.expires_at
refused("HOLD_TOKEN_NOT_FOUND", client.hold_tokens.retrieve, token.hold_token + "x")
refused("NOT_COVERED", client.hold_tokens.expire_in_minutes, token.hold_token, 9)

# Held under a token: all or none, and nobody else books them.
held = client.events.hold("night", ["A-1-1", "A-1-2"], token.hold_token)
assert {label: info.status for label, info in held.objects.items()} == {
    "A-1-1": "reservedByToken", "A-1-2": "reservedByToken"}
other = client.hold_tokens.create().hold_token
fault = refused("ILLEGAL_STATUS_CHANGE", client.events.hold, "night", ["A-1-2", "A-1-3"], other)
assert "A-1-2" in fault.message and "A-1-3" not in fault.message, fault.message
assert client.events.retrieve_object_info("night", "A-1-3").status == "free"
refused("ILLEGAL_STATUS_CHANGE", client.events.book, "night", "A-1-1")
refused("ILLEGAL_STATUS_CHANGE", client.events.book, "night", "A-1-1", hold_token=other)

# Booked, with what the box office notes.
props = ObjectProperties("A-1-1", extra_data={"name": "Ada"}, ticket_type="adult")
booked = client.events.book("night", [props], hold_token=token.hold_token, order_id="order1").objects["A-1-1"]
assert (booked.status, booked.order_id, booked.ticket_type) == ("booked", "order1", "adult")
assert booked.extra_data == {"name": "Ada"} and not booked.is_available
assert (booked.labels["own"]["label"], booked.labels["parent"]["label"], booked.section) == ("1", "1", "A")
infos = client.events.retrieve_object_infos("night", ["A-1-1", "A-1-2"])
assert infos["A-1-1"].extra_data == {"name": "Ada"} and infos["A-1-2"].status == "reservedByToken"
refused("OBJECT_NOT_FOUND", client.events.retrieve_object_info, "night", "A-9-9")

# Given back: what is held by who held it, what is booked by the office.
refused("ILLEGAL_STATUS_CHANGE", client.events.release, "night", "A-1-2", hold_token=other)
client.events.release("night", "A-1-2", hold_token=token.hold_token)
client.events.release("night", "A-1-1")
assert client.events.retrieve_object_info("night", "A-1-1").order_id is None
changes = [change.status for change in client.events.status_changes_for_object("night", "A-1-1").list()]
assert changes == ["free", "booked", "reservedByToken"], changes

# The best that there are, under a token and without.
best = client.events.hold_best_available("night", 3, hold_token=token.hold_token)
assert best.next_to_each_other and best.objects == ["A-1-9", "A-1-10", "A-1-11"], best.objects
assert best.objectDetails["A-1-9"].status == "reservedByToken"
client.events.book("night", best.objects[:2], hold_token=token.hold_token, order_id="order2")
client.events.book_best_available("night", 1, categories=["floor"])
try:
    client.events.book_best_available("night", 40)
except BestAvailableObjectsNotFoundException:
    pass
else:
    raise AssertionError("so many are not there")
pages = client.events.status_changes_for_object("night", "A-1-9").first_page(page_size=1)
assert [change.status for change in pages.items] == ["booked", "reservedByToken"]
refused("NOT_COVERED", client.events.hold, ["night", "gig"], ["A-2-1"], token.hold_token)
refused("NOT_COVERED", client.charts.retrieve, "gig")
print("sold")
