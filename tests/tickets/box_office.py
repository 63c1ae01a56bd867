"""What a box office on seats.io does, with its own client: `box_office.py URL SECRET` says `sold` at its end."""

import json
import sys
from urllib.request import Request, urlopen

from seatsio import Client, Region
from seatsio.events.objectProperties import ObjectProperties
from seatsio.events.statusChangeRequest import StatusChangeRequest
from seatsio.exceptions import BestAvailableObjectsNotFoundException, SeatsioException
from seatsio.util import parse_date

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

# Several events in one call: in each of them all or nothing, and who refuses is named.
client.events.hold(["night", "gig"], ["A-2-1"], token.hold_token)
assert all(client.events.retrieve_object_info(key, "A-2-1").status == "reservedByToken" for key in ("night", "gig"))
client.events.book("gig", "A-2-3")
fault = refused("ILLEGAL_STATUS_CHANGE", client.events.hold, ["night", "gig"], ["A-2-2", "A-2-3"], token.hold_token)
assert "`gig`" in fault.message and "A-2-3" in fault.message and "A-2-2" not in fault.message, fault.message
assert client.events.retrieve_object_info("night", "A-2-2").status == "reservedByToken"
assert client.events.retrieve_object_info("gig", "A-2-2").status == "free"
batch = client.events.change_object_status_in_batch([
    StatusChangeRequest("night", ["A-2-2"], "booked", hold_token=token.hold_token, type="CHANGE_STATUS_TO"),
    StatusChangeRequest("gig", ["A-2-3"], type="RELEASE")])
assert [[(label, info.status) for label, info in result.objects.items()] for result in batch] == [
    [("A-2-2", "booked")], [("A-2-3", "free")]]

# A token has another time, and with it what is held under it.
def expiry(key):
    """When what is held of an event ends first."""
    asked = Request(f"{url}/v1/tickets/events/{key}/availability", headers={"authorization": f"Bearer {secret}"})
    return parse_date(json.load(urlopen(asked))["next_expiry"])


again = client.hold_tokens.expire_in_minutes(token.hold_token, 30)
assert again.hold_token == token.hold_token and 1790 <= again.expires_in_seconds <= 1800, again.expires_in_seconds
assert client.hold_tokens.retrieve(token.hold_token).expires_at == again.expires_at
assert expiry("gig") == again.expires_at and again.expires_at > token.expires_at
refused("HOLD_TOKEN_NOT_FOUND", client.hold_tokens.expire_in_minutes, token.hold_token + "x", 9)

# Areas: places without seats, by number.
standing = lambda quantity: [ObjectProperties("standing", quantity=quantity)]
counts = lambda info: (info.num_free, info.num_held, info.num_booked, info.capacity)
held = client.events.hold("field", standing(4), token.hold_token).objects["standing"]
assert (held.object_type, counts(held)) == ("generalAdmission", (6, 4, 0, 10)), counts(held)
client.events.book("field", standing(2), hold_token=token.hold_token, order_id="order3")
client.events.release("field", standing(1), hold_token=token.hold_token)
refused("ILLEGAL_STATUS_CHANGE", client.events.book, "field", standing(9))
client.events.book("field", "standing")
assert counts(client.events.retrieve_object_info("field", "standing")) == (6, 1, 3, 10)
refused("ILLEGAL_STATUS_CHANGE", client.events.release, "field", standing(4))
client.events.release("field", standing(3))
assert counts(client.events.retrieve_object_info("field", "standing")) == (9, 1, 0, 10)

# Lists: the events, and what became of the objects of one, both the newest first, in parts.
assert [event.key for event in client.events.list()] == ["night", "field", "gig"]
part = client.events.list_first_page(page_size=2)
assert [event.key for event in client.events.list_page_after(part.next_page_starts_after).items] == ["gig"]
changes = [(change.object_label, change.status) for change in client.events.status_changes("night").list()]
assert changes[0] == ("A-2-2", "booked") and changes[-1] == ("A-1-1", "reservedByToken"), changes
assert len(changes) == 15, changes
part = client.events.status_changes("night").first_page(page_size=4)
rest = client.events.status_changes("night").page_after(part.next_page_starts_after, page_size=100)
assert [(change.object_label, change.status) for change in part.items + rest.items] == changes
refused("CHANGES_NOT_KEPT", client.events.status_changes("gig").first_page)
refused("NOT_COVERED", client.events.status_changes("night", filter="A-1").first_page)
refused("NOT_COVERED", client.events.delete, "night")
refused("NOT_COVERED", client.charts.retrieve, "gig")
print("sold")
