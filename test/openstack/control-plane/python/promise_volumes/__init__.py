"""Cinder's fake driver, whose volumes can be made larger, as far as there is room."""

from cinder import exception
from cinder.tests import fake_driver

# GB
LARGEST = 100


class FakeVolumes(fake_driver.FakeLoggingVolumeDriver):
    def extend_volume(self, volume, new_size):
        if new_size > LARGEST:
            raise exception.VolumeBackendAPIException(data='There is no more room.')
