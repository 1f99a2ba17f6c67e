variable "wmsauth_password" {
  type      = string
  sensitive = true
}

# One signature for all renditions of the application "live", valid for two hours from the time of the plan.
output "watch" {
  sensitive = true
  value = provider::streaming::wmsauth_url(
    "https://live.example.com/live/show/playlist.m3u8",
    var.wmsauth_password,
    plantimestamp(),
    120,
    { signed_stream = "live/" },
  )
}
