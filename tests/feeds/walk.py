# What people do on Mastodon, through its client for Python: writing, following, reading page by page, liking, boosting, lists,
# notifications, search and the stream.
import sys
import threading
import time

from mastodon import Mastodon, MastodonAPIError, MastodonNotFoundError, MastodonUnauthorizedError, StreamListener

base = sys.argv[1]


def log_in(user):
    client_id, client_secret = Mastodon.create_app("walk", api_base_url=base)
    client = Mastodon(client_id=client_id, client_secret=client_secret, api_base_url=base)
    client.log_in(user, "any", scopes=["read", "write"])
    return client


ada, bob, eve = log_in("ada"), log_in("bob"), log_in("eve")
me = ada.account_verify_credentials()
assert (me.username, me.display_name, me.locked) == ("ada", "ADA", False), me
bob_id = bob.account_verify_credentials().id
found = bob.account_search("ad")
assert [account.acct for account in found] == ["ada"], found
assert bob.account_lookup("ada").id == me.id

# Following, and what one sees of it.
relation = bob.account_follow(me.id)
assert relation.following and not relation.requested, relation
assert bob.account_relationships([me.id])[0].following
first = ada.status_post("hello #mill <b>\n@bob", idempotency_key="k1")
again = ada.status_post("hello #mill <b>\n@bob", idempotency_key="k1")
assert first.id == again.id and first.content == "<p>hello #mill &lt;b&gt;<br />@bob</p>", first
assert [tag.name for tag in first.tags] == ["mill"] and first.mentions[0].acct == "bob"
posts = [ada.status_post(f"post {number}") for number in range(30)]
home = bob.timeline_home(limit=10)
assert [status.id for status in home] == [status.id for status in reversed(posts[20:])]
older = bob.fetch_next(home)
assert [status.id for status in older] == [status.id for status in reversed(posts[10:20])]
newer = bob.fetch_previous(older)
assert [status.id for status in newer] == [status.id for status in home]
everything = bob.fetch_remaining(bob.timeline_home(limit=15))
assert len(everything) == 31 and len({status.id for status in everything}) == 31
assert [s.id for s in bob.timeline_home(since_id=posts[27].id)] == [posts[29].id, posts[28].id]
assert [s.id for s in bob.timeline_home(min_id=posts[3].id, limit=2)] == [posts[5].id, posts[4].id]
assert [s.id for s in eve.timeline_hashtag("mill")] == [first.id]

# What is done to a status.
assert bob.status_favourite(first.id).favourites_count == 1
assert bob.status_favourite(first.id).favourited
assert bob.status_unfavourite(first.id).favourites_count == 0
bob.status_favourite(first.id)
boost = bob.status_reblog(first.id)
assert boost.reblog.id == first.id and boost.reblog.reblogs_count == 1, boost
assert [account.acct for account in ada.status_favourited_by(first.id)] == ["bob"]
assert [account.acct for account in ada.status_reblogged_by(first.id)] == ["bob"]
eve.account_follow(bob_id)
assert eve.timeline_home()[0].reblog.id == first.id
assert bob.status_unreblog(first.id).reblogs_count == 0
assert len(eve.timeline_home()) == 0
reply = bob.status_reply(first, "hi")
assert str(reply.in_reply_to_id) == str(first.id) and str(reply.in_reply_to_account_id) == str(me.id)
assert [status.id for status in ada.status_context(first.id).descendants] == [reply.id]
assert [status.id for status in ada.status_context(reply.id).ancestors] == [first.id]
assert ada.status_update(first.id, "edited #wheel").content == "<p>edited #wheel</p>"
assert bob.status_bookmark(first.id).bookmarked
assert [status.id for status in bob.bookmarks()] == [first.id]
assert ada.status_pin(first.id).pinned

# A poll: one vote an account, and the results in the status.
asked = ada.status_post("which?", poll=ada.make_poll(["yes", "no", "well"], expires_in=3600, multiple=True))
assert [option.title for option in asked.poll.options] == ["yes", "no", "well"] and not asked.poll.expired, asked.poll
voted = bob.poll_vote(asked.poll.id, [0, 2])
assert voted.voted and voted.own_votes == [0, 2] and (voted.votes_count, voted.voters_count) == (2, 1), voted
assert [option.votes_count for option in eve.poll(asked.poll.id).options] == [1, 0, 1]
assert bob.timeline_home(limit=1)[0].poll.voted
try:
    bob.poll_vote(asked.poll.id, 1)
    raise AssertionError("nobody votes twice")
except MastodonAPIError as error:
    assert "voted" in str(error), error
ada.status_delete(asked.id)

# A filter: what says the phrase is left out.
filtered = bob.filter_create("post 29", ["home"], irreversible=True)
assert [one.phrase for one in bob.filters()] == ["post 29"] and filtered.phrase == "post 29", filtered
assert posts[29].id not in [status.id for status in bob.timeline_home(limit=5)]
bob.filter_delete(filtered.id)
assert bob.filters() == [] and posts[29].id in [status.id for status in bob.timeline_home(limit=5)]

# Notifications, the newest first.
kinds = [notification.type for notification in ada.notifications()]
assert kinds == ["mention", "favourite", "follow"], kinds

# Lists.
friends = bob.list_create("Friends")
bob.list_accounts_add(friends.id, [me.id])
assert [account.acct for account in bob.list_accounts(friends.id)] == ["ada"]
assert len(bob.timeline_list(friends.id, limit=5)) == 5
bob.list_accounts_delete(friends.id, [me.id])
assert bob.list_accounts(friends.id) == []
bob.list_delete(friends.id)
assert bob.lists() == []

# The stream tells of what comes and goes.
told, arrived = [], threading.Condition()


class Listener(StreamListener):
    def note(self, *what):
        with arrived:
            told.append(what)
            arrived.notify_all()

    def on_update(self, status):
        self.note("update", str(status.id))

    def on_delete(self, status_id):
        self.note("delete", str(status_id))

    def handle_heartbeat(self):
        self.note("heartbeat")


def wait_for(*what):
    with arrived:
        assert arrived.wait_for(lambda: what in told, timeout=30), (what, told)


handle = bob.stream_user(Listener(), run_async=True)
wait_for("heartbeat")
live = ada.status_post("live")
wait_for("update", str(live.id))
ada.status_delete(live.id)
wait_for("delete", str(live.id))
handle.close()

# Privacy: who is private says who may follow, who is blocked finds nobody.
ada.account_update_credentials(locked=True, note="writes")
assert ada.me().locked and ada.me().note == "<p>writes</p>"
assert eve.account_follow(me.id).requested
assert [account.acct for account in ada.follow_requests()] == ["eve"]
ada.follow_request_authorize(eve.me().id)
assert eve.account_relationships([me.id])[0].following
ada.account_block(bob_id)
assert [account.acct for account in ada.blocks()] == ["bob"]
assert bob.account_search("ada") == []
for look in [lambda: bob.status(first.id), lambda: bob.account(me.id), lambda: bob.account_follow(me.id)]:
    try:
        look()
        raise AssertionError("who is blocked finds nothing")
    except MastodonNotFoundError:
        pass
try:
    Mastodon(access_token="x", api_base_url=base).timeline_home()
    raise AssertionError("a token that is none opens nothing")
except MastodonUnauthorizedError:
    pass
print("lived")
