"""A session of ncclient against the server under test: one JSON object of what it saw, on standard output."""

import json
import sys

from ncclient import manager, operations
from ncclient.xml_ import to_ele

TEST = "urn:example:agent-test"
SHOP = '<config xmlns="urn:ietf:params:xml:ns:netconf:base:1.0"><shop xmlns="%s">%s</shop></config>'


def connect(user):
    return manager.connect(
        host="127.0.0.1",
        port=int(sys.argv[1]),
        username=user,
        password=sys.argv[2],
        hostkey_verify=False,
        look_for_keys=False,
        allow_agent=False,
        timeout=20,
    )


def tag_of(run):
    try:
        run()
    except operations.RPCError as error:
        return error.tag
    return "ok"


seen = {}
bert = connect("bert")
with connect("anna") as anna:
    seen["base11"] = ":base:1.1" in anna.server_capabilities
    seen["sessions"] = anna.session_id != bert.session_id
    names = "".join("<item><id>%d é€</id><price>%d</price></item>" % (i, i % 1000) for i in range(2000))
    seen["edit"] = anna.edit_config(target="running", config=SHOP % (TEST, names)).ok
    seen["entries"] = anna.get_config("running").data_xml.count("é€")
    one = ("subtree", '<shop xmlns="%s"><item><id>7 é€</id></item></shop>' % TEST)
    seen["filtered"] = anna.get(filter=one).data_xml.count("<price>")
    seen["exists"] = tag_of(
        lambda: anna.edit_config(
            target="running",
            config=SHOP
            % (
                TEST,
                '<item xmlns:nc="urn:ietf:params:xml:ns:netconf:base:1.0" nc:operation="create"><id>7 é€</id></item>',
            ),
        )
    )
    with anna.locked("running"):
        seen["locked"] = tag_of(lambda: bert.lock("running"))
        seen["inUse"] = tag_of(lambda: bert.edit_config(target="running", config=SHOP % (TEST, "<name>x</name>")))
    seen["unlocked"] = tag_of(lambda: bert.lock("running"))
    bert.unlock("running")
    seen["double"] = "<result" in anna.dispatch(to_ele('<double xmlns="%s"><number>2</number></double>' % TEST)).xml
    seen["unknown"] = tag_of(lambda: anna.dispatch(to_ele('<nonsense xmlns="urn:none"/>')))
    seen["schema"] = anna.get_schema("agent-test").data.strip().startswith("module agent-test")
    seen["subscribe"] = anna.create_subscription().ok
    bert.close_session()
    notification = anna.take_notification(timeout=10)
    seen["notification"] = notification is not None and "netconf-session-end" in notification.notification_xml
print(json.dumps(seen))
