# do: import probe_thing.a hall
# world: hall = {"size": 4}
# state: probe_thing.a id = "thing-hall"
# state: probe_thing.a size = 4

resource "probe_thing" "a" {
  name = "hall"
  size = 4
}
