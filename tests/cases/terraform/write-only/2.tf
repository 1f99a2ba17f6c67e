# expect: probe_thing.a update
# state: probe_thing.a key_length = 5
# never: abcde

resource "probe_thing" "a" {
  name           = "hall"
  key_wo         = "abcde"
  key_wo_version = 2
}

# The key changes, but nothing says so: no change is seen.
resource "probe_thing" "b" {
  name   = "b"
  key_wo = "other"
}
