"""The public test harness: local tracker, scripted peers, local swarms."""
