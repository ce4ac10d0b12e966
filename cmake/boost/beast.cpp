// Boost.Beast's functions, compiled in this one file.
#include <boost/beast/src.hpp>
