# state: probe_thing.a key_length = 13
# state: probe_thing.a key_wo = null
# never: token-of-hall
# never: 0123456789

ephemeral "probe_token" "t" {
  name = "hall"
}

resource "probe_thing" "a" {
  name           = "hall"
  key_wo         = ephemeral.probe_token.t.token
  key_wo_version = 1
}

resource "probe_thing" "b" {
  name   = "b"
  key_wo = "0123456789"
}
