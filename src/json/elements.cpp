#include "json/elements.hpp"

#include <algorithm>
#include <utility>

#include "json/tree.hpp"

namespace cairn::json {
namespace {

/// Builds two trees: the element that is being read, and all that is not handed over.
class ElementSink final : public Sink {
public:
    ElementSink(const Limits& limits, std::vector<std::string> arrays, OnElement on_element)
        : arrays_{std::move(arrays)},
          on_element_{std::move(on_element)},
          rest_{limits},
          element_{limits} {}

    bool begin_object() override {
        if (level_++ == 0) in_object_ = true;
        return tree().begin_object();
    }
    bool end_object() override {
        --level_;
        return tree().end_object() && value_done();
    }
    bool begin_array() override {
        const bool streamed =
            level_ == 1 && in_object_ && std::ranges::find(arrays_, member_) != arrays_.end();
        ++level_;
        if (!tree().begin_array()) return false;
        if (streamed) found_ = handing_over_ = true;
        return true;
    }
    bool end_array() override {
        if (--level_ == 1) handing_over_ = false;
        return tree().end_array() && value_done();
    }
    bool name(std::string&& text) override {
        if (level_ == 1) member_ = text;
        return tree().name(std::move(text));
    }
    bool string(std::string&& text) override {
        return tree().string(std::move(text)) && value_done();
    }
    bool number(std::string&& text) override {
        return tree().number(std::move(text)) && value_done();
    }
    bool boolean(bool value) override { return tree().boolean(value) && value_done(); }
    bool null() override { return tree().null() && value_done(); }
    [[nodiscard]] const std::string& why() const override {
        return element_.why().empty() ? rest_.why() : element_.why();
    }

    [[nodiscard]] Value take_rest() { return rest_.take(); }
    [[nodiscard]] bool found() const { return found_; }
    [[nodiscard]] bool stopped() const { return stopped_; }

private:
    TreeSink& tree() { return handing_over_ ? element_ : rest_; }
    bool value_done() {
        if (!handing_over_ || level_ > 2) return true;
        stopped_ = !on_element_(member_, element_.take());
        return !stopped_;
    }

    const std::vector<std::string> arrays_;
    const OnElement on_element_;
    TreeSink rest_;
    TreeSink element_;
    std::size_t level_ = 0;   // of objects and arrays that are open
    bool in_object_ = false;  // the outermost value is one
    std::string member_;      // of the outermost object, the one that is being read
    bool handing_over_ = false;
    bool found_ = false;
    bool stopped_ = false;
};

}  // namespace

struct ElementReader::State {
    State(const Limits& limits, std::vector<std::string> arrays, OnElement on_element)
        : sink{limits, std::move(arrays), std::move(on_element)}, parser{limits.depth, sink} {}

    ElementSink sink;
    Parser parser;
};

ElementReader::ElementReader(Limits limits, std::vector<std::string> arrays, OnElement on_element)
    : state_{std::make_unique<State>(limits, std::move(arrays), std::move(on_element))} {}
ElementReader::~ElementReader() = default;

Result<void, ParseError> ElementReader::feed(std::string_view piece) {
    return state_->parser.feed(piece);
}

Result<Value, ParseError> ElementReader::finish() {
    if (auto done = state_->parser.finish(); !done) return fail(std::move(done.error()));
    return state_->sink.take_rest();
}

bool ElementReader::stopped() const { return state_->sink.stopped(); }

Result<Elements, ParseError> read_elements(std::string_view text, std::string_view member,
                                           const std::function<bool(Value element)>& each,
                                           Limits limits) {
    ElementSink sink{limits, {std::string{member}}, [&each](std::string_view, Value element) {
                         return each(std::move(element));
                     }};
    auto read = read_document(text, limits.depth, sink);
    if (sink.stopped()) return Elements::stopped;
    if (!read) return fail(std::move(read.error()));
    return sink.found() ? Elements::all : Elements::none;
}

}  // namespace cairn::json
