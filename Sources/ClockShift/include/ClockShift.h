// Nothing is called by name: the library is loaded in front of others (LD_PRELOAD).
#pragma once
