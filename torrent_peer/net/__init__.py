"""Where Trio begins: sockets, peers dialled and accepted, trackers asked, disk threads."""
