# do: console provider::probe::shout("quiet")
# said: "QUIET"
