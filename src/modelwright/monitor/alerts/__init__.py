"""Alerts: what was alarmed goes to the ledger, to a metrics file, to a webhook and by mail, once and not every hour.

`settings` reads ``PROJECT/monitor.toml``; `deciding` makes at most one alert of a look and knows what was told before;
`webhook` and `mail` deliver; `sending` does all of it and never raises: a mail server that is down must not end the
watch, and what could not be delivered is told and tried again at the next look.
"""
