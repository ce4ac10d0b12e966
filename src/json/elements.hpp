#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"
#include "json/reader.hpp"
#include "json/value.hpp"

namespace cairn::json {

/// Called with each element of an array, and the array's name; false: no more are wanted.
using OnElement = std::function<bool(std::string_view member, Value element)>;

/// Reads one document that comes in pieces, by the rules of `parse`. The elements of the arrays
/// that are named, members of the outermost object, are handed over one after another and not kept,
/// so that an array of any length takes the memory of one element. `limits` are those of each
/// element, and of the rest together. Elements may have been handed over before an error is found.
class ElementReader {
public:
    ElementReader(Limits limits, std::vector<std::string> arrays, OnElement on_element);
    ElementReader(const ElementReader&) = delete;
    ElementReader& operator=(const ElementReader&) = delete;
    ~ElementReader();

    [[nodiscard]] Result<void, ParseError> feed(std::string_view piece);
    /// The document, with empty arrays in place of those that were handed over.
    [[nodiscard]] Result<Value, ParseError> finish();
    /// Whether `on_element` ended the reading; `feed` then fails as well.
    [[nodiscard]] bool stopped() const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

enum class Elements : std::uint8_t { all, stopped, none };

/// The same for a text that is whole, and for one array of it. `stopped`: no more were wanted, and
/// the rest was not read; `none`: there is no such member, or it is no array.
[[nodiscard]] Result<Elements, ParseError> read_elements(
    std::string_view text, std::string_view member, const std::function<bool(Value element)>& each,
    Limits limits = {});

}  // namespace cairn::json
