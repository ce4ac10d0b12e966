#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/bytes.hpp"
#include "json/quote.hpp"

namespace cairn::json {

void append_number(std::string& out, std::uint64_t value);

/// Two lower-case hex digits a byte, without quotes.
void append_hex(std::string& out, ByteView bytes);

/// Appends a document to a string, setting the commas. Whoever uses it pairs begin and end.
///
///     Writer{out}.begin_object().key("length").number(7).key("name").string("a").end_object();
class Writer {
public:
    explicit Writer(std::string& out, Quoting quoting = Quoting::document)
        : out_{out}, quoting_{quoting} {}

    Writer& begin_object() { return open('{'); }
    Writer& end_object() { return close('}'); }
    Writer& begin_array() { return open('['); }
    Writer& end_array() { return close(']'); }

    Writer& key(std::string_view name);
    Writer& string(std::string_view text);
    Writer& hex(ByteView bytes);
    Writer& number(std::uint64_t value);
    Writer& boolean(bool value) { return raw(value ? "true" : "false"); }
    Writer& null() { return raw("null"); }
    /// A value that is JSON already: a decimal of coins, a stored document.
    Writer& raw(std::string_view json);

private:
    Writer& open(char bracket);
    Writer& close(char bracket);
    void separate();

    std::string& out_;
    const Quoting quoting_;
    bool comma_ = false;
};

}  // namespace cairn::json
