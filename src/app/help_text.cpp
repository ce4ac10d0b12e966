#include "app/help_text.hpp"

#include <algorithm>
#include <cctype>
#include <sstream>
#include <utility>
#include <vector>

namespace cairn {
namespace {

constexpr std::size_t kColumns = 80;
/// A name that is longer has its sentence below it.
constexpr std::size_t kNameMax = 26;
constexpr std::size_t kIndent = 2;

struct HelpRow {
    std::string name;
    std::string text;
};
struct HelpSection {
    std::string title;
    std::vector<HelpRow> rows;
};

/// Appends `text`, which begins in column `begin`; what goes on below stands in column `indent`.
void append_wrapped(std::string& out, const std::string& text, std::size_t begin,
                    std::size_t indent) {
    std::istringstream words{text};
    std::size_t column = begin;
    bool first = true;
    for (std::string word; words >> word; first = false) {
        if (!first && column + 1 + word.size() > kColumns) {
            out += "\n" + std::string(indent, ' ');
            column = indent;
        } else if (!first) {
            out += ' ';
            ++column;
        }
        out += word;
        column += word.size();
    }
    out += '\n';
}

/// Paragraphs are wrapped; lines that begin with a space stay as they are.
std::string wrapped_lines(const std::string& text) {
    std::string out;
    std::istringstream lines{text};
    for (std::string line; std::getline(lines, line);) {
        if (line.starts_with(' ')) {
            out += line + "\n";
        } else {
            append_wrapped(out, line, 0, 0);
        }
    }
    return out;
}

/// "1 to 86400; default 60."
std::string bounds_of(const CLI::Option& option) {
    std::string bounds = option.get_type_name();
    if (bounds.starts_with(':')) bounds.erase(0, 1);
    const std::string told = option.get_default_str();
    if (bounds.empty()) return told.empty() ? "" : "Default: " + told + ".";
    bounds[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(bounds[0])));
    return bounds + (told.empty() ? "" : "; default " + told) + ".";
}

HelpRow row_of(const CLI::Option& option) {
    const std::string bounds = bounds_of(option);
    std::string text = option.get_description();
    if (!bounds.empty()) text += " " + bounds;
    if (option.get_positional()) return {placeholder_of(option), std::move(text)};
    std::string name = option.get_name(false, true);
    if (const auto comma = name.find(','); comma != std::string::npos) name.insert(comma + 1, " ");
    if (!option.get_option_text().empty()) name += " " + option.get_option_text();
    return {std::move(name), std::move(text)};
}

HelpSection& section(std::vector<HelpSection>& sections, const std::string& title) {
    const auto known = std::ranges::find(sections, title, &HelpSection::title);
    if (known != sections.end()) return *known;
    return sections.emplace_back(HelpSection{title, {}});
}

/// All commands below `app` that can be given as they are, by group.
void add_commands(std::vector<HelpSection>& sections, const CLI::App& app,
                  const std::string& before) {
    for (const CLI::App* command : app.get_subcommands({})) {
        const std::string name = before + command->get_name();
        if (command->get_require_subcommand_min() == 0)
            section(sections, command->get_group())
                .rows.push_back({name, command->get_description()});
        add_commands(sections, *command, name + " ");
    }
}

std::vector<HelpSection> sections_of(const CLI::App& app) {
    std::vector<HelpSection> sections;
    HelpSection& arguments = sections.emplace_back();
    for (const CLI::Option* option : app.get_options(&CLI::Option::get_positional))
        arguments.rows.push_back(row_of(*option));
    std::vector<HelpSection> commands;
    add_commands(commands, app, "");
    const bool whole = app.get_parent() == nullptr;
    // A command tells its own; which groups there are is told by the program.
    for (HelpSection& group : commands) {
        HelpSection& into = whole ? sections.emplace_back(HelpSection{group.title, {}})
                                  : section(sections, "Commands");
        for (HelpRow& row : group.rows) into.rows.push_back(std::move(row));
    }
    for (const CLI::Option* option : app.get_options({})) {
        if (option->get_positional() || option->get_group() == kSharedOptions) continue;
        if (!whole && option == app.get_help_ptr()) continue;
        section(sections, option->get_group()).rows.push_back(row_of(*option));
    }
    return sections;
}

/// The shared options, as any command has them.
void add_shared(std::vector<HelpSection>& sections, const CLI::App& app) {
    for (const CLI::App* command : app.get_subcommands({})) {
        const auto shared = command->get_options(
            [](const CLI::Option* option) { return option->get_group() == kSharedOptions; });
        if (shared.empty()) continue;
        for (const CLI::Option* option : shared)
            section(sections, kSharedOptions).rows.push_back(row_of(*option));
        return;
    }
}

std::string shown(const std::vector<HelpSection>& sections) {
    std::size_t widest = 0;
    for (const HelpSection& part : sections)
        for (const HelpRow& row : part.rows)
            if (row.name.size() <= kNameMax) widest = std::max(widest, row.name.size());
    const std::size_t column = kIndent + widest + 2;
    std::string out;
    for (const HelpSection& part : sections) {
        if (part.rows.empty()) continue;
        out += "\n" + (part.title.empty() ? "" : part.title + ":\n");
        for (const HelpRow& row : part.rows) {
            out += std::string(kIndent, ' ') + row.name;
            out += row.name.size() <= widest ? std::string(column - kIndent - row.name.size(), ' ')
                                             : "\n" + std::string(column, ' ');
            append_wrapped(out, row.text, column, column);
        }
    }
    return out;
}

}  // namespace

std::string placeholder_of(const CLI::Option& option) {
    if (!option.get_positional()) return option.get_name();
    std::string name = option.get_name(true);
    std::ranges::transform(name, name.begin(), [](char c) {
        return static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    });
    return name;
}

std::string words_of(const CLI::App& app) {
    return app.get_parent() == nullptr ? app.get_name()
                                       : words_of(*app.get_parent()) + " " + app.get_name();
}

std::string usage_of(const CLI::App& app, const std::string& name) {
    std::string usage = name;
    if (app.get_require_subcommand_min() > 0) usage += " COMMAND";
    for (const CLI::Option* option : app.get_options(&CLI::Option::get_positional)) {
        std::string word = placeholder_of(*option);
        if (option->get_expected_max() > 1) word += "...";
        usage += " " + (option->get_required() ? word : "[" + word + "]");
    }
    for (const CLI::Option* option : app.get_options({}))
        if (!option->get_positional() && option->get_required())
            usage += " " + option->get_name() + " " + option->get_option_text();
    return usage + " [OPTIONS]";
}

std::string HelpText::make_help(const CLI::App* app, std::string name,
                                CLI::AppFormatMode /*mode*/) const {
    std::vector<HelpSection> sections = sections_of(*app);
    if (app->get_parent() == nullptr) add_shared(sections, *app);
    std::string out = wrapped_lines(app->get_description()) + "\n";
    append_wrapped(out, "Usage: " + usage_of(*app, name), 0, std::string{"Usage: "}.size());
    out += shown(sections);
    if (!app->get_footer().empty()) out += "\n" + wrapped_lines(app->get_footer());
    return out;
}

}  // namespace cairn
