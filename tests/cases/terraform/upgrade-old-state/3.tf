# do: plan
# state-file: broken.tfstate
# error: its size "many" is no number

resource "probe_thing" "a" {
  name = "hall"
  size = 4
}
