#include "json/tree.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include "json/refusals.hpp"

namespace cairn::json {
namespace {

/// So few names are compared each with each, which needs no memory.
constexpr std::size_t kFewMembers = 16;

const std::string* repeated_of_few(const Value::Object& members) {
    for (std::size_t i = 1; i < members.size(); ++i)
        for (std::size_t j = 0; j < i; ++j)
            if (members[i].name == members[j].name) return &members[i].name;
    return nullptr;
}

/// A name that stands twice in `members`, if any.
const std::string* repeated_name(const Value::Object& members) {
    if (members.size() <= kFewMembers) return repeated_of_few(members);
    std::vector<const std::string*> names;
    names.reserve(members.size());
    for (const Member& member : members) names.push_back(&member.name);
    std::ranges::sort(names, {}, [](const std::string* name) { return std::string_view{*name}; });
    const auto twice = std::ranges::adjacent_find(
        names, [](const std::string* a, const std::string* b) { return *a == *b; });
    return twice == names.end() ? nullptr : *twice;
}

}  // namespace

bool TreeSink::end_object() {
    if (const std::string* name = repeated_name(std::get<Value::Object>(open_.back().items))) {
        why_ = stands_twice(*name) + " in one object";
        return false;
    }
    return close<Value::Object>();
}

bool TreeSink::end_array() { return close<Value::Array>(); }

bool TreeSink::name(std::string&& text) {
    // Whether a name stands twice is only known once all are: they are sorted.
    if (std::get<Value::Object>(open_.back().items).size() >= limits_.members) {
        why_ = too_many_members(limits_.members);
        return false;
    }
    open_.back().name = std::move(text);
    return true;
}

Value TreeSink::take() {
    values_left_ = limits_.values;
    return std::exchange(root_, Value{});
}

bool TreeSink::open(Items items) {
    if (!count()) return false;
    open_.push_back({std::move(items), {}});
    return true;
}

template <class Kind>
bool TreeSink::close() {
    Value whole{std::move(std::get<Kind>(open_.back().items))};
    open_.pop_back();
    place(std::move(whole));
    return true;
}

bool TreeSink::put(Value value) {
    if (!count()) return false;
    place(std::move(value));
    return true;
}

void TreeSink::place(Value value) {
    if (open_.empty()) {
        root_ = std::move(value);
    } else if (auto* members = std::get_if<Value::Object>(&open_.back().items)) {
        members->push_back({std::move(open_.back().name), std::move(value)});
    } else {
        std::get<Value::Array>(open_.back().items).push_back(std::move(value));
    }
}

bool TreeSink::count() {
    if (values_left_ == 0) {
        why_ = "it holds too many values";
        return false;
    }
    --values_left_;
    return true;
}

}  // namespace cairn::json
