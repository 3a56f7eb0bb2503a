"""What the checks of team builds share: checkouts that are built by real Bazels, digests, and a report of steps."""
