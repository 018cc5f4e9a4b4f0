# Completion of provost(1) for fish: provost itself says what may come next.
function __provost_complete
	set -l words (commandline -opc)
	set -l current (commandline -ct)
	set -q current[1]; or set current ''
	for line in (command $words[1] --complete $words[2..-1] $current 2>/dev/null)
		switch $line
			case :files
				__fish_complete_path $current
			case :directories
				__fish_complete_directories $current
			case '*'
				echo $line
		end
	end
end
complete -c provost -f -a '(__provost_complete)'
