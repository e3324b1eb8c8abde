"""The one importer of the cryptographic libraries: mechanisms' engines, key material, and what the store needs."""

import warnings

from cryptography.utils import CryptographyDeprecationWarning

# The libraries announce in this way what a later release drops (DH, DSA, small curves). The table of mechanisms grades
# those as legacy; a warning on a keeper's standard error helps nobody.
warnings.filterwarnings("ignore", category=CryptographyDeprecationWarning)
