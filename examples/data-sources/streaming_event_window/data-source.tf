# A trivia show on Tuesdays and Thursdays, but not at the turn of the year.
data "streaming_event_window" "show" {
  start    = "2026-12-01T20:00:00"
  timezone = "Asia/Kuwait"
  rrule    = "FREQ=WEEKLY;BYDAY=TU,TH"
  duration = "45m"
  lead     = "45m" # servers are up this long before
  linger   = "15m" # and stay this long after
  except   = ["2026-12-24", "2026-12-31"]
  extra    = ["2026-12-25T18:00:00"]
}

output "on_air" {
  value = data.streaming_event_window.show.active
}

output "next_show" {
  value = try(data.streaming_event_window.show.next.starts_at, "none")
}
