"""What this process is called on rows, on the wall and in its log."""

import os
import socket

PROCESS = f"{socket.gethostname()}:{os.getpid()}"
