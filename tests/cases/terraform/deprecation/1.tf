# do: validate
# warning: Deprecated attribute
# warning: old_world: Use world.

provider "probe" {
  world     = "/tmp"
  old_world = "/tmp"
}

resource "probe_thing" "a" {
  name = "hall"
}
