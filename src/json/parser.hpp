#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "core/base/result.hpp"

namespace cairn::json {

struct ParseError {
    std::string reason;      // one clause: "the name \"amount\" stands twice in one object"
    std::size_t offset = 0;  // of the byte at which reading stopped
};

/// Takes what a document is made of, in the order in which it is written. Each event says whether
/// reading goes on; if not, it ends with the reason that `why` tells.
class Sink {
public:
    virtual bool begin_object() = 0;
    virtual bool end_object() = 0;
    virtual bool begin_array() = 0;
    virtual bool end_array() = 0;
    /// Of the member whose value comes next. Texts are whole, without escapes, and valid UTF-8.
    virtual bool name(std::string&& text) = 0;
    virtual bool string(std::string&& text) = 0;
    /// A number as it was written, for no double lies between a text and its meaning.
    virtual bool number(std::string&& text) = 0;
    virtual bool boolean(bool value) = 0;
    virtual bool null() = 0;
    /// The name, string or number that is being read has `bytes` bytes so far.
    virtual bool grows(std::size_t /*bytes*/) { return true; }
    /// Why the last event ended the reading; empty if it did not.
    [[nodiscard]] virtual const std::string& why() const = 0;

protected:
    ~Sink() = default;
};

/// Reads one JSON document, the whole of RFC 8259, with nothing but white space around it, into
/// `sink`. Refused besides: a byte order mark, invalid UTF-8, lone surrogates, more than `depth`
/// objects and arrays within one another. Needs no stack for depth.
[[nodiscard]] Result<void, ParseError> read_document(std::string_view text, std::size_t depth,
                                                     Sink& sink);

/// The same for a document that comes in pieces. The sink must outlive it. After an error it is not
/// to be asked again.
class Parser {
public:
    Parser(std::size_t depth, Sink& sink);
    Parser(Parser&&) noexcept;
    ~Parser();

    [[nodiscard]] Result<void, ParseError> feed(std::string_view piece);
    /// No piece follows.
    [[nodiscard]] Result<void, ParseError> finish();
    /// Bytes that were read.
    [[nodiscard]] std::size_t offset() const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace cairn::json
