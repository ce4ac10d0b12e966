// Boost.Asio's functions, compiled in this one file.
#include <boost/asio/impl/src.hpp>
