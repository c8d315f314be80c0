"""Recorded conversations (pcap, pcapng) → findings: two strangers judged by the rules that hold for ourselves."""
