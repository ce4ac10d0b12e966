#pragma once

#include <boost/json/error.hpp>
#include <string>

namespace cairn::json {

/// What stopped Boost.JSON's parser, as the end of a sentence about the text.
[[nodiscard]] inline std::string parse_sentence(const boost::json::error_code& ec) {
    using boost::json::error;
    if (ec == error::too_deep) return "it is nested too deeply";
    if (ec == error::incomplete) return "it ends too early";
    if (ec == error::extra_data) return "something follows the value";
    return ec.message();
}

}  // namespace cairn::json
