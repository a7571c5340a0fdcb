"""An ML2 mechanism driver for a network without agents.

It binds every port at once, so that servers become ACTIVE, except on hosts for which the directory PROMISE_REFUSED_HOSTS
holds a file of their name: there binding fails, and so does the server.
"""
import os

from neutron_lib import constants
from neutron_lib.api.definitions import portbindings
from neutron_lib.plugins.ml2 import api


class LoopbackDriver(api.MechanismDriver):
    connectivity = portbindings.CONNECTIVITY_L2

    def initialize(self):
        self._refused = os.environ['PROMISE_REFUSED_HOSTS']

    def bind_port(self, context):
        if not context.host or os.path.exists(os.path.join(self._refused, context.host)):
            return
        details = {portbindings.CAP_PORT_FILTER: True, portbindings.VIF_DETAILS_CONNECTIVITY: self.connectivity}
        segment = context.segments_to_bind[0]
        context.set_binding(segment[api.ID], portbindings.VIF_TYPE_OVS, details, status=constants.PORT_STATUS_ACTIVE)
