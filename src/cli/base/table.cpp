#include "cli/base/table.hpp"

#include <algorithm>
#include <utility>

#include "cli/base/text.hpp"

namespace cairn::cli {
namespace {

constexpr std::size_t kGap = 2;

std::string spaces(std::size_t count) { return std::string(count, ' '); }

}  // namespace

Table::Table(Output& out, std::vector<Column> columns)
    : out_{out}, columns_{std::move(columns)}, widths_(columns_.size(), 0) {
    std::vector<std::string> titles;
    for (const Column& column : columns_) titles.push_back(column.title);
    measure(titles);
}

void Table::row(std::vector<std::string> cells) {
    ++rows_;
    if (begun_) {
        show(cells, false);
        return;
    }
    measure(cells);
    held_.push_back(std::move(cells));
    if (held_.size() == kMeasured) flush();
}

void Table::end() {
    if (rows_ > 0) flush();
}

void Table::measure(const std::vector<std::string>& cells) {
    for (std::size_t i = 0; i < widths_.size(); ++i)
        widths_[i] = std::max(widths_[i], width(cells[i]));
}

void Table::flush() {
    if (!std::exchange(begun_, true)) {
        std::vector<std::string> titles;
        for (const Column& column : columns_) titles.push_back(column.title);
        show(titles, true);
    }
    for (const auto& cells : std::exchange(held_, {})) show(cells, false);
}

void Table::show(const std::vector<std::string>& cells, bool title) {
    std::string line;
    for (std::size_t i = 0; i < cells.size(); ++i) {
        if (i > 0) line += spaces(kGap);
        const std::size_t used = width(cells[i]);
        const std::string padding = spaces(widths_[i] > used ? widths_[i] - used : 0);
        if (columns_[i].align == Align::right) line += padding;
        line += cells[i];
        if (columns_[i].align == Align::left) line += padding;
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out_.line(title && out_.colour() ? "\x1b[1m" + line + "\x1b[0m" : line);
}

Facts& Facts::add(std::string name, std::string value) {
    if (!value.empty()) facts_.emplace_back(std::move(name), std::move(value));
    return *this;
}

void Facts::end() {
    std::size_t widest = 0;
    for (const auto& [name, value] : facts_) widest = std::max(widest, width(name));
    for (const auto& [name, value] : std::exchange(facts_, {})) {
        const std::string shown = out_.colour() ? "\x1b[1m" + name + "\x1b[0m" : name;
        out_.line(shown + spaces(widest - width(name) + kGap) + value);
    }
}

}  // namespace cairn::cli
