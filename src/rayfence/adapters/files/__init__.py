"""Folders and files with their owners and modes; written by rename, never in place."""

from rayfence.adapters.files.removal import remove_folder
from rayfence.adapters.files.store import digest, folder_is_right, loose, make_folder, write_file

__all__ = ["digest", "folder_is_right", "loose", "make_folder", "remove_folder", "write_file"]
