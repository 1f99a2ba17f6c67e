# do: plan
# error: Nothing is named nowhere.

data "probe_look" "x" {
  name = "nowhere"
}
