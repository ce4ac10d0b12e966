// Boost.JSON's functions, compiled in this one file: Debian ships the headers alone.
#include <boost/json/src.hpp>
