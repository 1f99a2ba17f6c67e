# state-file: oldest.tfstate
# world: hall = {"size": 4}
# state: probe_thing.a size = 4
# state: probe_thing.a name = "hall"

resource "probe_thing" "a" {
  name = "hall"
  size = 4
}
