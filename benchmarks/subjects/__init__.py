"""What benchmarks.peers compares: each module makes one subject, in the environment .venv/peers.

Nothing here may load more than a subject needs: how long they take to start is compared, too.
"""
