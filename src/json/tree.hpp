#pragma once

#include <cstddef>
#include <string>
#include <variant>
#include <vector>

#include "json/parser.hpp"
#include "json/reader.hpp"
#include "json/value.hpp"

namespace cairn::json {

/// Builds the tree of a document. Refuses more than `values` values in it, more than `members`
/// members in one object, and a name that stands twice in one object.
class TreeSink final : public Sink {
public:
    explicit TreeSink(const Limits& limits) : limits_{limits}, values_left_{limits.values} {}

    bool begin_object() override { return open(Value::Object{}); }
    bool end_object() override;
    bool begin_array() override { return open(Value::Array{}); }
    bool end_array() override;
    bool name(std::string&& text) override;
    bool string(std::string&& text) override { return put(Value{std::move(text)}); }
    bool number(std::string&& text) override { return put(Value{Number{std::move(text)}}); }
    bool boolean(bool value) override { return put(Value{value}); }
    bool null() override { return put(Value{}); }
    [[nodiscard]] const std::string& why() const override { return why_; }

    /// The tree that is built; what follows begins another.
    [[nodiscard]] Value take();

private:
    using Items = std::variant<Value::Object, Value::Array>;
    struct Open {
        Items items;
        std::string name;  // of the member that is being read
    };

    bool open(Items items);
    template <class Kind>
    bool close();
    bool put(Value value);
    void place(Value value);
    bool count();

    const Limits limits_;
    std::size_t values_left_;
    std::vector<Open> open_;
    Value root_;
    std::string why_;
};

}  // namespace cairn::json
