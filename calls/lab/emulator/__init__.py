"""Stand-ins for what answers and speaks, over real sockets. Product code never imports them."""
