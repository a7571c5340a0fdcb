"""ncclient against an agent: what it saw, as one JSON object on standard output.

usage: ncclient_flows.py PORT USER (password PASSWORD | key FILE)
"""

import json
import sys

from lxml import etree
from ncclient import manager, operations
from ncclient.xml_ import to_ele

PORT, USER, KIND, SECRET = sys.argv[1:5]
PROMISE = "urn:opnfv:promise"
SIMULATOR = "urn:opnfv:promise:simulator"
NACM = "urn:ietf:params:xml:ns:yang:ietf-netconf-acm"
SUBSCRIBED = "urn:ietf:params:xml:ns:yang:ietf-subscribed-notifications"
NAMES = {"p": PROMISE, "nc": "urn:ietf:params:xml:ns:netconf:base:1.0", "sn": SUBSCRIBED}


def connect():
    login = {"password": SECRET} if KIND == "password" else {"key_filename": SECRET}
    return manager.connect(
        host="127.0.0.1",
        port=int(PORT),
        username=USER,
        hostkey_verify=False,
        look_for_keys=False,
        allow_agent=False,
        timeout=20,
        **login
    )


def call(session, name, children):
    reply = session.dispatch(to_ele('<%s xmlns="%s">%s</%s>' % (name, PROMISE, children, name)))
    return etree.fromstring(reply.xml.encode())


def text(tree, path):
    found = tree.find(path, NAMES)
    return None if found is None else found.text


def error_of(work):
    try:
        work()
    except operations.RPCError as error:
        return {"tag": error.tag, "path": error.path, "message": error.message}
    return None


seen = {}
with connect() as session, connect() as listener:
    seen["capabilities"] = ":base:1.1" in session.server_capabilities
    seen["schema"] = "module opnfv-promise" in session.get_schema("opnfv-promise").data

    added = call(
        session,
        "add-provider",
        '<name>ncclient-%s</name><provider-type xmlns:s="%s">s:simulated</provider-type>' % (KIND, SIMULATOR),
    )
    provider = text(added, "p:provider-id")
    seen["add-provider"] = text(added, "p:status")
    pool = text(
        call(session, "increase-capacity", "<source>%s</source><capacity><cores>8</cores></capacity>" % provider),
        "p:pool-id",
    )

    listener.create_subscription(stream_name="promise")
    request = "<name>vEPC</name><pools>%s</pools><capacity><cores>%d</cores></capacity>"
    granted = call(session, "create-reservation", request % (pool, 5))
    reservation = text(granted, "p:reservation-id")
    seen["create-reservation"] = text(granted, "p:result")
    event = etree.fromstring(listener.take_notification(timeout=10).notification_xml.encode())
    seen["event"] = text(event, ".//p:cause")

    refused = call(session, "create-reservation", request % (pool, 4))
    seen["refused"] = [text(refused, "p:result"), text(refused, "p:refusal/p:most/p:cores")]

    subtree = '<promise xmlns="%s"><reservations><reservation><id>%s</id><name/></reservation></reservations></promise>'
    by_subtree = session.get(filter=("subtree", subtree % (PROMISE, reservation)))
    seen["subtree"] = text(by_subtree.data_ele, ".//p:name")
    xpath = "/p:promise/p:reservations/p:reservation[p:id='%s']/p:name" % reservation
    by_xpath = session.get(filter=("xpath", ({"p": PROMISE}, xpath)))
    seen["xpath"] = text(by_xpath.data_ele, ".//p:name")

    config = (
        '<config xmlns="urn:ietf:params:xml:ns:netconf:base:1.0"><promise xmlns="%s"><reservations>%s</reservations></promise></config>'
    )
    entry = "<reservation><id>edited-%s</id><pools>%s</pools><capacity><cores>%d</cores></capacity></reservation>"
    seen["edit"] = session.edit_config(target="running", config=config % (PROMISE, entry % (KIND, pool, 2))).ok
    running = session.get_config(source="running")
    seen["running"] = text(running.data_ele, ".//p:reservation/p:id")
    seen["edit-refused"] = error_of(
        lambda: session.edit_config(target="running", config=config % (PROMISE, entry % (KIND, pool, 9)))
    )["tag"]

    with session.locked("running"):
        seen["locked"] = error_of(lambda: listener.lock("running"))["tag"]

    seen["unknown"] = error_of(lambda: call(session, "cancel-reservation", "<reservation-id>nobody</reservation-id>"))
    removed = '<reservation xmlns:nc="%s" nc:operation="delete"><id>edited-%s</id></reservation>' % (NAMES["nc"], KIND)
    seen["delete"] = session.edit_config(target="running", config=config % (PROMISE, removed)).ok
    cancelled = call(session, "cancel-reservation", "<reservation-id>%s</reservation-id>" % reservation)
    seen["cancel-reservation"] = text(cancelled, "p:status")

    base = '<config xmlns="%s">%%s</config>' % NAMES["nc"]
    rule = (
        '<rule xmlns:p="%s"><name>no-quotas</name><path>/p:promise/p:policy/p:quota</path>'
        "<access-operations>create</access-operations><action>deny</action></rule>" % PROMISE
    )
    rules = '<nacm xmlns="%s"><rule-list%s><name>%s</name>%s</rule-list></nacm>'
    given = rules % (NACM, "", KIND, "<group>*</group>" + rule)
    seen["nacm"] = session.edit_config(target="running", config=base % given).ok
    quota = '<promise xmlns="%s"><policy><quota><name>q</name></quota></policy></promise>' % PROMISE
    denied = error_of(lambda: listener.edit_config(target="running", config=base % quota))
    seen["nacm-denied"] = [denied["tag"], denied["path"]]
    gone = rules % (NACM, ' xmlns:nc="%s" nc:operation="delete"' % NAMES["nc"], KIND, "")
    seen["nacm-delete"] = session.edit_config(target="running", config=base % gone).ok
print(json.dumps(seen))
